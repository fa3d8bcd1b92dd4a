/** What a run does at the moment, in microseconds of the bench's clock. */
export interface RunStatus {
  readonly doing: string;
  /** When that began. */
  readonly sinceUs: number;
  /** How long it took the last times; undefined where none was seen. */
  readonly expectedUs: number | undefined;
  /** The last event. */
  readonly atUs: number;
  readonly upload: UploadStatus | undefined;
  readonly cutsDone: number;
  readonly cutsPlanned: number;
  readonly failed: number;
  /** Until the last cut, by what the run took so far; undefined before anything is known. */
  readonly leftUs: number | undefined;
  readonly ended: boolean;
}

export interface UploadStatus {
  /** Which upload of the run, from 1, and about how many it will make. */
  readonly number: number;
  readonly of: number | undefined;
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly bytesPerS: number;
  readonly leftUs: number | undefined;
}
