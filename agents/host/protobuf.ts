/** Fields of one protobuf message, by number, in order; nested messages and strings are bytes. */
export type Fields = ReadonlyMap<number, readonly (number | Buffer)[]>;

/**
 * Reads a message of protobuf's wire format (protobuf.dev, "Encoding"), as far as our few messages need it: varints
 * up to 2^53, bytes, and fixed fields, which are passed over. Throws on anything else.
 */
export function readFields(data: Buffer): Fields {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = data[at++];
      if (byte === undefined) throw new RangeError('a message ends in the middle');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  while (at < data.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === 0) add(number, varint());
    else if (kind === 2) {
      const length = varint();
      if (at + length > data.length) throw new RangeError('a message ends in the middle');
      add(number, data.subarray(at, at + length));
      at += length;
    } else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
    else throw new RangeError(`a field of the unknown kind ${kind}`);
  }
  return fields;

  function add(number: number, value: number | Buffer): void {
    const known = fields.get(number);
    if (known) known.push(value);
    else fields.set(number, [value]);
  }
}

export function textOf(fields: Fields, number: number): string {
  const value = fields.get(number)?.[0];
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}

export function textsOf(fields: Fields, number: number): string[] {
  return bytesOf(fields, number).map((value) => value.toString('utf8'));
}

export function numberOf(fields: Fields, number: number): number {
  const value = fields.get(number)?.[0];
  return typeof value === 'number' ? value : 0;
}

export function bytesOf(fields: Fields, number: number): Buffer[] {
  return (fields.get(number) ?? []).filter((value) => Buffer.isBuffer(value));
}

/** `google.protobuf.Timestamp` in milliseconds since 1970; 0 where there is none. */
export function timeOf(fields: Fields, number: number): number {
  const value = bytesOf(fields, number)[0];
  if (!value) return 0;
  const time = readFields(value);
  return numberOf(time, 1) * 1000 + Math.floor(numberOf(time, 2) / 1_000_000);
}
