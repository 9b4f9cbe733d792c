import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { TiphysError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/objects/json.ts';
import { parseConstraint } from '../../core/revision/constraint.ts';
import { highestTag, isDigest, tagOf } from '../../core/revision/artifact-revision.ts';
import { parseJson, readBytes } from '../sign-in/ask-json.ts';
import { pullScope, type Registry, repositoryPath } from './open-registry.ts';
import { listTags } from './registry-tags.ts';

const MAX_MANIFEST_BYTES = 4_000_000;

/** Those of indexes too, so that an artifact that is one can be told from one that is missing. */
const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/**
 * The digest that a revision names now: itself, else that of the tag of this name, else that of the highest
 * tag within the range. Errors: `RevisionNotFound`, and those of the registry.
 */
export async function resolveArtifact(
  registry: Registry,
  revision: string,
  signal: AbortSignal,
): Promise<string> {
  const wanted = revision.trim();
  if (isDigest(wanted)) return wanted;
  const tag = tagOf(wanted);
  if (tag !== undefined) {
    const digest = await digestOfTag(registry, tag, signal);
    if (digest !== undefined) return digest;
  }
  if (parseConstraint(wanted) !== undefined) {
    const best = highestTag(await listTags(registry, signal), wanted);
    const digest = best === undefined ? undefined : await digestOfTag(registry, best, signal);
    if (digest !== undefined) return digest;
  }
  throw new TiphysError(
    'RevisionNotFound',
    `repository ${registry.shown}: unable to resolve '${revision}': no such tag, digest or range of tags`,
    { fields: { repository: registry.shown, revision } },
  );
}

async function digestOfTag(
  registry: Registry,
  tag: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (
      (await askDigest(registry, tag, signal)) ?? (await manifestOf(registry, tag, signal)).digest
    );
  } catch (error) {
    if (error instanceof TiphysError && error.code === 'RevisionNotFound') return undefined;
    throw error;
  }
}

/** Asking for the manifest itself is what registries count. */
async function askDigest(
  registry: Registry,
  tag: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const question = { ...manifestQuestion(registry, tag), method: 'HEAD' } as const;
  const told = await registry.get(
    question,
    async ({ headers }) => String(headers['docker-content-digest'] ?? ''),
    signal,
  );
  return isDigest(told) ? told : undefined;
}

/** The manifest of a tag or digest; of a digest it is that very one. Errors: `RevisionNotFound`, those of the registry. */
export async function readManifest(
  registry: Registry,
  digest: string,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { content, digest: found } = await manifestOf(registry, digest, signal);
  if (found === digest) return parseJson(content);
  throw otherContent(registry, digest, found);
}

async function manifestOf(
  registry: Registry,
  reference: string,
  signal: AbortSignal,
): Promise<{ readonly content: Buffer; readonly digest: string }> {
  const content = await registry.get(
    manifestQuestion(registry, reference),
    (_head, body) => readBytes(body, MAX_MANIFEST_BYTES),
    signal,
  );
  const algorithm = algorithmOf(reference);
  const hash = createHash(algorithm).update(content).digest('hex');
  return { content, digest: `${algorithm}:${hash}` };
}

function manifestQuestion(registry: Registry, reference: string) {
  const path = repositoryPath(registry);
  const url = `${registry.base}/v2/${path}/manifests/${reference}`;
  return { url, scope: pullScope(path), accept: ACCEPT, absent: 'RevisionNotFound' } as const;
}

/** Writes a blob to a new file. Errors: `LimitExceeded` when it is longer than it was said, `GitUnreachable` when it is another. */
export async function downloadBlob(
  registry: Registry,
  { digest, size }: { readonly digest: string; readonly size: number },
  file: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const path = repositoryPath(registry);
  const url = `${registry.base}/v2/${path}/blobs/${digest}`;
  const algorithm = algorithmOf(digest);
  await registry.get(
    { url, scope: pullScope(path), timeoutMs },
    async (_head, body, stop) => {
      await using output = await open(file, 'wx', 0o600);
      const hash = createHash(algorithm);
      let bytes = 0;
      for await (const chunk of body) {
        stop.throwIfAborted();
        bytes += chunk.length;
        if (bytes > size)
          throw new TiphysError(
            'LimitExceeded',
            `repository ${registry.shown}: layer ${digest}: longer than the ${size} bytes of its manifest`,
          );
        hash.update(chunk);
        await output.writeFile(chunk);
      }
      const found = `${algorithm}:${hash.digest('hex')}`;
      if (found !== digest) throw otherContent(registry, digest, found);
    },
    signal,
  );
}

function otherContent(registry: Registry, wanted: string, found: string): TiphysError {
  return new TiphysError(
    'GitUnreachable',
    `repository ${registry.shown}: asked for ${wanted} the registry sent ${found}`,
    {
      hint: 'The registry, or something on the way to it, changed what was pushed: push it again.',
    },
  );
}

const algorithmOf = (reference: string): 'sha256' | 'sha512' =>
  reference.startsWith('sha512:') ? 'sha512' : 'sha256';
