import { z } from 'zod';

/**
 * The same schema for what another version of dimg may have written: fields that are not known, at any depth, are kept
 * as they are, so that they are there when it is written back. All that is known is checked as strictly as before.
 */
export function tolerant<T extends z.ZodType>(schema: T): z.ZodType<z.output<T>, z.input<T>> {
  const known = made.get(schema) ?? loosened(schema);
  made.set(schema, known);
  return known as unknown as z.ZodType<z.output<T>, z.input<T>>;
}

// --- internal ---

/** Several adapters read the same. */
const made = new WeakMap<Schema, Schema>();

type Schema = z.core.$ZodType;

function loosened(schema: Schema): Schema {
  const again = (changed: object): Schema =>
    z.core.clone(schema, { ...schema._zod.def, ...changed } as never);
  if (schema instanceof z.ZodObject) {
    const shape = Object.fromEntries(
      Object.entries(schema.shape).map(([name, field]) => [name, loosened(field as Schema)]),
    );
    return again({ shape, catchall: z.unknown() });
  }
  if (schema instanceof z.ZodArray) return again({ element: loosened(schema.element) });
  if (schema instanceof z.ZodUnion) return again({ options: schema.options.map(loosened) });
  if (schema instanceof z.ZodRecord) return again({ valueType: loosened(schema.valueType) });
  if (schema instanceof z.ZodTuple) return again({ items: schema._zod.def.items.map(loosened) });
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly
  )
    return again({ innerType: loosened(schema._zod.def.innerType) });
  return schema;
}
