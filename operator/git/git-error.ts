import { TiphysError } from '../core/errors.ts';
import { withoutCredentials } from '../core/revision/repository-url.ts';
import { isDiskFull } from './damage.ts';

/** Words by which git, curl and ssh say that the server refuses us. */
const REFUSED = [
  /authentication failed/i,
  /could not read (username|password)/i,
  /terminal prompts disabled/i,
  /invalid username or (password|token)/i,
  /permission denied \(/i,
  /returned error: 40[13]/i,
  /HTTP 40[13]/i,
  /access denied/i,
];

const NOT_FOUND = [
  /repository .* not found/i,
  /returned error: 404/i,
  /does not appear to be a git/i,
];

const UNKNOWN_HOST = /host key verification failed|no .* host key is known/i;

const UNTRUSTED = /certificate verif|ssl certificate problem|server certificate/i;

const REDIRECTED = [/returned error: 30\d/i, /redirect/i];

/**
 * What went wrong between git and the server of a repository, from git's own words, out of which the
 * credentials are taken before. The message names the repository without user information.
 */
export function gitFailure(
  repoUrl: string,
  doing: string,
  stderr: string,
  signedIn = false,
): TiphysError {
  const repository = withoutCredentials(repoUrl);
  const words = ASKED.test(stderr) ? wordsOfRefusal(signedIn) : lastWords(stderr);
  const message = `repository ${repository}: ${doing}: ${words}`;
  const fields = { repository };
  if (isDiskFull(stderr)) {
    const hint = 'Free space on the disk of --data-dir; the fetch is tried again.';
    return new TiphysError('GitUnreachable', message, { fields, hint });
  }
  if (REFUSED.some((pattern) => pattern.test(stderr))) {
    return new TiphysError('GitAuthFailed', message, { fields });
  }
  if (NOT_FOUND.some((pattern) => pattern.test(stderr))) {
    const hint = 'Check the repository URL; servers answer the same when credentials are missing.';
    return new TiphysError('GitUnreachable', message, { fields, hint });
  }
  if (UNKNOWN_HOST.test(stderr)) {
    const hint =
      'Add the key of the host to ssh_known_hosts of argocd-ssh-known-hosts-cm (ssh-keyscan), after comparing it.';
    return new TiphysError('GitUnreachable', message, { fields, hint });
  }
  if (UNTRUSTED.test(stderr)) {
    const hint = 'Add the authority of the server to argocd-tls-certs-cm, under its host name.';
    return new TiphysError('GitUnreachable', message, { fields, hint });
  }
  if (REDIRECTED.some((pattern) => pattern.test(stderr))) {
    const hint = 'Redirects are not followed: use the final URL (GitLab: with `.git` at its end).';
    return new TiphysError('GitUnreachable', message, { fields, hint });
  }
  return new TiphysError('GitUnreachable', message, { fields });
}

/** Git wanted to ask a person, whom we do not have. */
const ASKED = /could not read (username|password)|terminal prompts disabled/i;

const wordsOfRefusal = (signedIn: boolean): string =>
  signedIn
    ? 'failed to authenticate: the server refused the credentials'
    : 'failed to authenticate: no credentials matched this URL';

const TELLING =
  /^(fatal|error|remote|ssh)\b.*:|host key|permission denied \(|connection (reset|closed)/i;

/** The lines that explain, on one line: git begins them with `fatal:` or `error:`. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('hint:'));
  const telling = lines.filter((line) => TELLING.test(line));
  const chosen = (telling.length > 0 ? telling : lines).slice(-3).map(withoutCredentialsAnywhere);
  return chosen.length === 0 ? 'git ended without a word' : chosen.join('; ');
}

function withoutCredentialsAnywhere(line: string): string {
  return line.replace(/([a-z+]+:\/\/)[^/@\s']*@/gi, '$1');
}
