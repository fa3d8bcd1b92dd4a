import { z } from "zod";
import { ROUTE_ROWS } from "./routes.ts";

/** The API as OpenAPI 3.1, made from its rows. @param version of hil. */
export function openApi(version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, { method, path, roles, about, query, request, answer }] of ROUTE_ROWS) {
    const parameters = [
      ...[...path.matchAll(/:(\w+)/g)].map(([, field]) => ({
        name: field,
        in: "path",
        required: true,
        schema: { type: "string" },
      })),
      ...Object.entries(query?.shape ?? {}).map(([field, schema]) => ({
        name: field,
        in: "query",
        required: false,
        schema: jsonSchema(schema as z.ZodType, "input"),
      })),
    ];
    const place = (paths[path.replaceAll(/:(\w+)/g, "{$1}")] ??= {});
    place[method.toLowerCase()] = {
      operationId: name,
      summary: about,
      description: `For the role ${roles.map((role) => `\`${role}\``).join(" or ")}.`,
      parameters,
      ...(request !== undefined && {
        requestBody: { required: true, content: { "application/json": { schema: jsonSchema(request, "input") } } },
      }),
      responses: {
        "200": { description: "Done.", content: { "application/json": { schema: jsonSchema(answer, "output") } } },
        default: {
          description: "Refused: 400 wrong, 401 no token, 403 not for this role, 404, 409 not now, 413, 429, 500, 507.",
          content: {
            "application/json": {
              schema: { type: "object", properties: { error: { type: "string" }, hint: { type: "string" } } },
            },
          },
        },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "mcuboot-hil lab", version },
    servers: [{ url: ".." }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths,
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Record<string, unknown>;
  return rest;
}
