import type { ApplicationSource, Project } from '../app/types.ts';
import { compileGlob } from '../glob.ts';
import { isArtifactUrl } from '../revision/repository-url.ts';

/** What a project asks of the signatures of one source. */
export type SignatureCriteria =
  | { readonly type: 'none' }
  | {
      readonly type: 'check';
      /** `head`: the revision alone. `strict`: its history too, back to seals. */
      readonly mode: 'head' | 'strict';
      /** Long ids of keys that may sign, 16 hex digits in upper case. */
      readonly keys: readonly string[];
    }
  /** The project contradicts itself: nothing may be deployed from here. */
  | { readonly type: 'contradiction'; readonly message: string };

const NONE: SignatureCriteria = { type: 'none' };

/**
 * The one policy of `spec.sourceIntegrity.git` that is about the repository of a source; several are a
 * contradiction. Without that field, `spec.signatureKeys` ask for the head of every repository. Charts of
 * Helm repositories and artifacts have no commit that is signed, so nothing is asked of them.
 */
export function signatureCriteria(
  { name, spec }: Project,
  { repoURL: repoUrl, chart = '' }: Pick<ApplicationSource, 'repoURL' | 'chart'>,
): SignatureCriteria {
  if (chart !== '' || isArtifactUrl(repoUrl)) return NONE;
  const git = spec.sourceIntegrity?.git;
  if (git === undefined || git === null) {
    const keys = (spec.signatureKeys ?? []).map(({ keyID }) => longId(keyID));
    return keys.length === 0 ? NONE : { type: 'check', mode: 'head', keys };
  }
  const policies = (git.policies ?? []).filter(({ repos }) => concerns(repos ?? [], repoUrl));
  const [policy, other] = policies;
  if (policy === undefined) return NONE;
  if (other !== undefined) {
    const message = `AppProject ${name}: ${policies.length} policies of spec.sourceIntegrity.git match ${repoUrl}`;
    return { type: 'contradiction', message };
  }
  const mode = policy.gpg?.mode ?? 'none';
  if (mode === 'none') return NONE;
  return { type: 'check', mode, keys: (policy.gpg?.keys ?? []).map(longId) };
}

function concerns(repos: readonly { readonly url: string }[], repoUrl: string): boolean {
  const excluded = repos.some(
    ({ url }) => url.startsWith('!') && compileGlob(url.slice(1))(repoUrl),
  );
  return !excluded && repos.some(({ url }) => !url.startsWith('!') && compileGlob(url)(repoUrl));
}

/** The last 16 digits of an id or fingerprint. */
function longId(key: string): string {
  return key.trim().replace(/^0x/i, '').toUpperCase().slice(-16);
}
