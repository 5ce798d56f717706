import type Docker from 'dockerode';

/** One line of what the engine says while it loads, builds, pushes or pulls. */
export type Progress = {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly status?: string;
  readonly stream?: string;
  readonly aux?: {
    readonly ID?: string;
    readonly Digest?: string;
    readonly Tag?: string;
    readonly Size?: number;
  };
};

/** Reads such a stream to its end. The status was 200 long ago: an error comes as a line, and is thrown here. */
export async function finished(docker: Docker, stream: NodeJS.ReadableStream): Promise<Progress[]> {
  const lines = await new Promise<Progress[]>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, output: Progress[]) =>
      error ? reject(error) : resolve(output),
    );
  });
  const failed = lines.find((line) => line.error !== undefined || line.errorDetail !== undefined);
  if (failed) throw new Error(failed.errorDetail?.message ?? failed.error ?? 'The engine reported an error.');
  return lines;
}
