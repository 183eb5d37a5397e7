import type { OpenAPIObject } from '@nestjs/swagger';

/** The part of JSON Schema that request bodies use. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
  pattern?: string;
  format?: string;
}

const TEXT = 'Kurz und gut';

/** The smallest value that fits a schema: required members only, the first of each choice. */
export function minimalBody(schema: JsonSchema, document: OpenAPIObject): unknown {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1)!;
    return minimalBody(document.components?.schemas?.[name] ?? {}, document);
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.[0];
  if (choice) return minimalBody(choice, document);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((key) => [key, minimalBody(schema.properties?.[key] ?? {}, document)]),
      );
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => minimalBody(schema.items ?? {}, document));
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return false;
    default:
      return schema.format === 'email'
        ? 'someone@customer.example'
        : TEXT.repeat(Math.ceil((schema.minLength ?? 1) / TEXT.length));
  }
}
