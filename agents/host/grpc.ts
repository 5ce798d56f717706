import { request as plainRequest } from 'node:http';
import { connect } from 'node:http2';
import { request as tlsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { EngineAddress } from './engine-address.ts';

/**
 * Calls one method of the gRPC services that the engine has behind `/grpc`, for which its own API has no call, and
 * resolves to the messages of the answer. Rejects where the engine has no such service, or does not answer.
 */
export async function grpcCall(
  address: EngineAddress,
  method: string,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const socket = await upgraded(address, signal);
  const session = connect('http://docker', { createConnection: () => socket });
  try {
    return await new Promise<Buffer[]>((resolve, reject) => {
      session.once('error', reject);
      session.once('close', () => reject(new Error('the connection was cut')));
      const stream = session.request({
        ':method': 'POST',
        ':path': method,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const chunks: Buffer[] = [];
      let status: unknown;
      const note = (headers: Record<string, unknown>) => {
        status = headers['grpc-status'] ?? status;
      };
      stream.on('response', note);
      stream.on('trailers', note);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('error', reject);
      stream.once('end', () => {
        if (status === undefined || Number(status) !== 0)
          reject(new Error(`${method}: gRPC status ${status}`));
        else resolve(frames(Buffer.concat(chunks)));
      });
      stream.end(frame(message));
    });
  } finally {
    session.destroy();
  }
}

// --- internal ---

/** A connection that has become HTTP/2. */
function upgraded(address: EngineAddress, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'docker', connection: 'Upgrade', upgrade: 'h2c' };
    const options = { method: 'POST', path: '/grpc', headers, agent: false, signal };
    const request =
      'socketPath' in address
        ? plainRequest({ ...options, socketPath: address.socketPath })
        : address.tls
          ? tlsRequest({ ...options, host: address.host, port: address.port, ...address.tls })
          : plainRequest({ ...options, host: address.host, port: address.port });
    request.once('upgrade', (_, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      signal.addEventListener('abort', () => socket.destroy(), { once: true });
      resolve(socket);
    });
    request.once('response', (response) => {
      response.resume();
      reject(new Error(`/grpc: HTTP status ${response.statusCode}`));
    });
    request.once('error', reject);
    request.end();
  });
}

/** gRPC puts a byte for compression, which nobody asked for, and a length before each message. */
function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function frames(data: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= data.length; ) {
    const length = data.readUInt32BE(at + 1);
    messages.push(data.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return messages;
}
