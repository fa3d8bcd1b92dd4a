CREATE SCHEMA lab;
CREATE TABLE lab.attempt (
    job uuid NOT NULL,
    attempt integer NOT NULL,
    board text NOT NULL,
    agent text NOT NULL,
    given timestamp with time zone NOT NULL,
    started timestamp with time zone,
    ended timestamp with time zone,
    exit_code integer,
    said text DEFAULT ''::text NOT NULL,
    record text
);
CREATE TABLE lab.audit (
    number integer NOT NULL,
    at timestamp with time zone NOT NULL,
    who text NOT NULL,
    what text NOT NULL
);
CREATE SEQUENCE lab.audit_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE lab.audit_number_seq OWNED BY lab.audit.number;
CREATE TABLE lab.board (
    name text NOT NULL,
    agent text NOT NULL,
    tags text[] NOT NULL,
    state text NOT NULL,
    why text NOT NULL,
    lane text,
    infra_fails integer DEFAULT 0 NOT NULL,
    aside text,
    aside_since timestamp with time zone,
    last_run timestamp with time zone,
    seen timestamp with time zone NOT NULL
);
CREATE TABLE lab.job (
    id uuid NOT NULL,
    number integer NOT NULL,
    who text NOT NULL,
    name text NOT NULL,
    scenario text NOT NULL,
    files jsonb NOT NULL,
    board_tags text NOT NULL,
    priority integer NOT NULL,
    labels jsonb NOT NULL,
    options jsonb NOT NULL,
    state text NOT NULL,
    said text DEFAULT ''::text NOT NULL,
    board text,
    agent text,
    attempt integer DEFAULT 0 NOT NULL,
    engine_id uuid,
    not_on text[] DEFAULT '{}'::text[] NOT NULL,
    only_board text,
    cancel_asked boolean DEFAULT false NOT NULL,
    submitted timestamp with time zone NOT NULL,
    started timestamp with time zone,
    ended timestamp with time zone,
    exit_code integer,
    record text
);
CREATE SEQUENCE lab.job_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE lab.job_number_seq OWNED BY lab.job.number;
CREATE TABLE lab.reservation (
    board text NOT NULL,
    who text NOT NULL,
    why text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    warned boolean DEFAULT false NOT NULL
);
CREATE TABLE lab.schedule (
    name text NOT NULL,
    cron text NOT NULL,
    time_zone text NOT NULL,
    who text NOT NULL,
    scenario text NOT NULL,
    all_boards boolean NOT NULL,
    job jsonb NOT NULL,
    made timestamp with time zone NOT NULL,
    last timestamp with time zone
);
CREATE TABLE lab.token (
    name text NOT NULL,
    role text NOT NULL,
    hash text NOT NULL,
    made timestamp with time zone NOT NULL
);
CREATE TABLE lab.version (
    version integer NOT NULL
);
ALTER TABLE ONLY lab.audit ALTER COLUMN number SET DEFAULT nextval('lab.audit_number_seq'::regclass);
ALTER TABLE ONLY lab.job ALTER COLUMN number SET DEFAULT nextval('lab.job_number_seq'::regclass);
INSERT INTO lab.attempt VALUES ('00000000-0000-4000-8000-000000000001', 1, 'lab-07', 'host-a', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', 0, '', 'run-1');
INSERT INTO lab.attempt VALUES ('00000000-0000-4000-8000-000000000002', 1, 'lab-07', 'host-a', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', 3, 'bench', NULL);
INSERT INTO lab.attempt VALUES ('00000000-0000-4000-8000-000000000002', 2, 'lab-08', 'host-b', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', NULL, NULL, '', NULL);
INSERT INTO lab.audit VALUES (1, '2026-11-29 02:00:00+00', 'ann', 'submit upgrade');
INSERT INTO lab.board VALUES ('lab-07', 'host-a', '{lab-07,hardware}', 'free', '', NULL, 0, NULL, NULL, '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00');
INSERT INTO lab.board VALUES ('lab-08', 'host-b', '{lab-08}', 'free', '', '"x"', 3, 'its bench failed', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00');
INSERT INTO lab.job VALUES ('00000000-0000-4000-8000-000000000001', 1, 'ann', 'upgrade', 'x.yaml', '[{"path": "x.yaml", "bytes": 10, "sha256": "abababababababababababababababababababababababababababababababab"}]', '', 0, '{}', '{}', 'passed', '', 'lab-07', 'host-a', 1, '00000000-0000-4000-8000-000000000008', '{}', NULL, false, '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', 0, 'run-1');
INSERT INTO lab.job VALUES ('00000000-0000-4000-8000-000000000002', 2, 'bob', 'upgrade', 'x.yaml', '[{"path": "x.yaml", "bytes": 10, "sha256": "abababababababababababababababababababababababababababababababab"}]', 'hardware', 5, '{"a": "b"}', '{"seed": 7}', 'running', '', 'lab-08', 'host-b', 2, '00000000-0000-4000-8000-000000000009', '{}', NULL, false, '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', NULL, NULL, NULL);
INSERT INTO lab.job VALUES ('00000000-0000-4000-8000-000000000003', 3, 'ann', 'upgrade', 'x.yaml', '[{"path": "x.yaml", "bytes": 10, "sha256": "abababababababababababababababababababababababababababababababab"}]', '', 0, '{}', '{}', 'waiting', '', NULL, NULL, 0, NULL, '{}', NULL, false, '2026-11-29 02:00:00+00', NULL, NULL, NULL, NULL);
INSERT INTO lab.reservation VALUES ('lab-07', 'ann', 'relay', '2026-11-29 02:00:00+00', '2026-11-29 02:00:00+00', false);
INSERT INTO lab.schedule VALUES ('nightly', '0 2 * * *', 'UTC', 'ann', 'upgrade', true, '{}', '2026-11-29 02:00:00+00', NULL);
INSERT INTO lab.token VALUES ('ann', 'admin', '0000000000000000000000000000000000000000000000000000000000000000', '2026-11-29 02:00:00+00');
INSERT INTO lab.version VALUES (1);
SELECT pg_catalog.setval('lab.audit_number_seq', 1, true);
SELECT pg_catalog.setval('lab.job_number_seq', 3, true);
ALTER TABLE ONLY lab.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (job, attempt);
ALTER TABLE ONLY lab.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (number);
ALTER TABLE ONLY lab.board
    ADD CONSTRAINT board_pkey PRIMARY KEY (name);
ALTER TABLE ONLY lab.job
    ADD CONSTRAINT job_number_key UNIQUE (number);
ALTER TABLE ONLY lab.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY lab.reservation
    ADD CONSTRAINT reservation_pkey PRIMARY KEY (board);
ALTER TABLE ONLY lab.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (name);
ALTER TABLE ONLY lab.token
    ADD CONSTRAINT token_hash_key UNIQUE (hash);
ALTER TABLE ONLY lab.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (name);
CREATE INDEX job_open ON lab.job USING btree (state) WHERE (state = ANY (ARRAY['waiting'::text, 'given'::text, 'running'::text]));
