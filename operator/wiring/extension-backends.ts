import { Agent } from 'undici';
import { TiphysError, toTiphysError } from '../core/errors.ts';
import type { ExtensionConnection } from '../core/settings/extensions.ts';
import type { ExtensionBackends } from '../ports/extension-backends.ts';

/** How long a service may take to begin its answer, and may say nothing within it. */
const ANSWER_MS = 60_000;

/** Asks services over HTTP. Connections are kept for each way of connecting, and closed by disposing. */
export function createExtensionBackends(): ExtensionBackends {
  const agents = new Map<string, Agent>();
  const agentFor = (connection: ExtensionConnection): Agent => {
    const { connectMs, keepAliveMs, idleMs } = connection;
    const key = `${connectMs} ${keepAliveMs} ${idleMs}`;
    const agent =
      agents.get(key) ??
      new Agent({
        connect: { timeout: connectMs, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
        keepAliveTimeout: idleMs,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
      });
    agents.set(key, agent);
    return agent;
  };
  return {
    async request({ method, url, headers, body, connection }, signal) {
      const { origin, pathname, search } = new URL(url);
      try {
        const answer = await agentFor(connection).request({
          ...{ origin, path: `${pathname}${search}`, method: method as 'GET', signal },
          headers: headers as Record<string, string | string[]>,
          body: body === undefined ? null : (body as never),
        });
        const kept: Record<string, string | readonly string[]> = {};
        for (const [name, value] of Object.entries(answer.headers))
          if (value !== undefined) kept[name] = value;
        return { status: answer.statusCode, headers: kept, body: answer.body };
      } catch (cause) {
        signal.throwIfAborted();
        const failure = toTiphysError(cause);
        if (failure.code === 'LimitExceeded') throw failure;
        throw new TiphysError('RequestFailed', `${origin}: does not answer: ${failure.message}`, {
          cause,
          hint: 'Check the url of the service in extension.config of argocd-cm, and the service.',
        });
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}
