import type { RecordKeeper } from './record.ts';
import { refuse } from './refuse.ts';
import type { FileRef, SlackFile } from './types.ts';

export type Files = {
  readonly reserve: (name: string, length: number) => string;
  /** False when the bytes are not what was announced. */
  readonly upload: (id: string, content: Buffer) => boolean;
  /** Makes the uploaded file visible somewhere (or nowhere yet). */
  readonly complete: (
    id: string,
    title: string | undefined,
    place: { channel?: string; thread_ts?: string },
  ) => FileRef;
  readonly ready: (id: string) => void;
  readonly all: () => SlackFile[];
};

/** Files on their way (announced, uploaded) and files shared. */
export function createFiles(record: RecordKeeper): Files {
  const waiting = new Map<string, { name: string; length: number; content?: Buffer }>();
  const shared: SlackFile[] = [];
  let count = 0;
  const uploaded = (id: string) => {
    const file = waiting.get(id);
    if (!file?.content) return refuse('file_not_found');
    return { ...file, content: file.content };
  };
  return {
    reserve: (name, length) => {
      const id = `F${(++count).toString().padStart(4, '0')}`;
      waiting.set(id, { name, length });
      return id;
    },
    upload: (id, content) => {
      const file = waiting.get(id);
      if (!file || file.length !== content.length) return false;
      file.content = content;
      return true;
    },
    ready: (id) => {
      uploaded(id);
    },
    complete: (id, title, place) => {
      const { name, content } = uploaded(id);
      waiting.delete(id);
      const file: SlackFile = { id, name, title: title ?? name, size: content.length, content, ...place };
      shared.push(file);
      record.add({ kind: 'file', file });
      return { id, name, title: file.title, size: file.size };
    },
    all: () => [...shared],
  };
}

/** The file in a multipart body; a body of another kind is the file itself. */
export function fileBytes(body: Buffer, contentType: string): Buffer {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) return body;
  const start = body.indexOf('\r\n\r\n');
  const end = body.indexOf(`\r\n--${boundary}`, start);
  return start < 0 || end < 0 ? Buffer.alloc(0) : body.subarray(start + 4, end);
}
