import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A person or machine of a test, with the groups that RBAC sees. */
export interface TestUser {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Where a user is kept: any process that knows the folder can add one while the cluster runs. */
export function userFile(usersFolder: string, token: string): string {
  return join(usersFolder, `${createHash('sha256').update(token).digest('hex')}.json`);
}

/**
 * Answers the API server's question "whose token is this?" (TokenReview v1). The API server reads
 * its own token file only once, at its start; this is how users can be added later.
 */
export async function startTokenWebhook(usersFolder: string): Promise<{ readonly url: string }> {
  const server = createServer((request, response) => {
    const answer = async () => {
      const review = JSON.parse(await text(request)) as { spec?: { token?: string } };
      const user = await findUser(usersFolder, review.spec?.token ?? '');
      const status =
        user === undefined
          ? { authenticated: false }
          : { authenticated: true, user: { username: user.name, groups: user.groups } };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }),
      );
    };
    answer().catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function findUser(usersFolder: string, token: string): Promise<TestUser | undefined> {
  try {
    return JSON.parse(await readFile(userFile(usersFolder, token), 'utf8')) as TestUser;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
