import type { Credential } from '../../core/repository/access.ts';
import { TiphysError } from '../../core/errors.ts';
import { type Ask, readPrivateKey, refused, signedClaim, type Token } from './tokens.ts';

type GitHubApp = Extract<Credential, { type: 'github-app' }>;

/**
 * A token of an installation of a GitHub App, good for an hour. The installation is that of the
 * owner in the URL unless it is given. Errors: `GitAuthFailed`, `GitUnreachable`.
 */
export async function gitHubAppToken(
  app: GitHubApp,
  repoUrl: string,
  nowMs: number,
  ask: Ask,
): Promise<Token> {
  const who = `GitHub App ${app.appId}`;
  const jwt = await signedClaim(
    { issuer: String(app.appId) },
    readPrivateKey(who, app.privateKey),
    nowMs,
  );
  const headers = {
    authorization: `Bearer ${jwt}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  };
  const installation = app.installationId ?? (await findInstallation());
  const url = `${app.apiUrl}/app/installations/${installation}/access_tokens`;
  const answer = await ask({ method: 'POST', url, headers });
  const { token, expires_at: expires } = answer.body;
  if (answer.status !== 201 || typeof token !== 'string') throw refused(who, answer);
  const untilMs = typeof expires === 'string' ? Date.parse(expires) : Number.NaN;
  return { value: token, lifetimeMs: Number.isNaN(untilMs) ? 3_600_000 : untilMs - nowMs };

  async function findInstallation(): Promise<number> {
    const owner = ownerOf(repoUrl);
    for (const kind of ['orgs', 'users']) {
      const where = `${app.apiUrl}/${kind}/${encodeURIComponent(owner)}/installation`;
      const found = await ask({ method: 'GET', url: where, headers });
      const { id } = found.body;
      if (found.status === 200 && typeof id === 'number') return id;
      if (found.status !== 404) throw refused(who, found);
    }
    throw new TiphysError('GitAuthFailed', `${who}: is not installed for ${owner}`, {
      hint: 'Install the App for the owner of the repository, or set githubAppInstallationID.',
    });
  }
}

/** The first name in the path of a URL. */
export function ownerOf(repoUrl: string): string {
  return /^[a-z]+:\/\/[^/]*\/+([^/]+)/i.exec(repoUrl.trim())?.[1] ?? '';
}
