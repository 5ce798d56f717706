import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useDesk } from './desk.ts';
import { unescaped } from './mrkdwn.ts';

/** Cards change in place, which a screen reader would miss: their one line is said whenever it becomes another. */
export function Announcer(): ReactNode {
  const { scene } = useDesk();
  const heard = useRef<Map<string, string> | null>(null);
  const [news, setNews] = useState('');
  useEffect(() => {
    const now = new Map(scene.messages.map(({ ts, text }) => [ts, text]));
    const old = heard.current;
    heard.current = now;
    if (!old) return;
    const changed = [...now]
      .filter(([ts, text]) => old.has(ts) && old.get(ts) !== text)
      .map(([, text]) => unescaped(text));
    if (changed.length > 0) setNews(changed.join('. '));
  }, [scene]);
  return (
    <div className="visually-hidden" role="status">
      {news}
    </div>
  );
}
