import * as http from 'node:http';
import * as https from 'node:https';

export type Called = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
};

export type CallOptions = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** An authority to trust, as PEM; `fetch` takes none. */
  readonly ca?: string | undefined;
};

/** One exchange over a connection of its own, whatever its status. */
export function call(url: string | URL, options: CallOptions = {}): Promise<Called> {
  const { method = 'GET', headers = {}, body, ca } = options;
  return new Promise((resolve, reject) => {
    const secure = String(url).startsWith('https:');
    const request = (secure ? https : http).request(
      url,
      { method, headers, agent: false, ...(ca !== undefined && { ca }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}
