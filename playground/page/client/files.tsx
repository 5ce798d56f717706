import { type ReactNode, useState } from 'react';
import type { SeenFile } from '../shapes.ts';
import { useDesk } from './desk.ts';
import { formatSize } from './sizes.ts';

const FOLDED = 8;

export function Files({ files }: { files: readonly SeenFile[] }): ReactNode {
  return files.map((file) => <File key={file.id} file={file} />);
}

// --- internal ---

/** An attachment: its name, the beginning of its text, and the whole of it to download. */
function File({ file }: { file: SeenFile }): ReactNode {
  const { scene } = useDesk();
  const [open, setOpen] = useState(false);
  const lines = file.preview?.trimEnd().split('\n') ?? [];
  const href = `files/${encodeURIComponent(file.id)}?as=${encodeURIComponent(scene.me)}`;
  return (
    <figure className="file">
      <figcaption>
        <span className="icon" aria-hidden="true">
          📄
        </span>
        <span className="name">
          <b>{file.title}</b>
          <small>
            {file.name} · {formatSize(file.size)}
          </small>
        </span>
        <a className="button" href={href} download={file.name}>
          Download
        </a>
      </figcaption>
      {lines.length > 0 && <pre>{(open ? lines : lines.slice(0, FOLDED)).join('\n')}</pre>}
      {lines.length > FOLDED && (
        <button type="button" className="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Show less' : 'Show more'}
        </button>
      )}
    </figure>
  );
}
