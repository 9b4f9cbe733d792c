import { hasCode, TiphysError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/objects/json.ts';
import {
  type ConfiguredLink,
  type ConfiguredLinks,
  type DeepLink,
  isForAll,
  type LinkProblem,
  readDeepLinks,
  refusedUrl,
} from '../../core/settings/deep-links.ts';
import type { ControlPlane } from '../control-plane.ts';
import { readSetting } from '../setting.ts';

export type LinksKey = 'application.links' | 'resource.links' | 'project.links';

export interface LinksRequest {
  readonly key: LinksKey;
  /** What they are shown for, as the log calls it. */
  readonly shownFor: string;
  /** What templates and conditions can name; asked for when a link needs it. */
  readonly variables: () => JsonObject | Promise<JsonObject>;
}

/**
 * The links that `argocd-cm` has under a key, as they are for one thing. A link whose condition is false is not
 * among them, nor one that fails: the log says why, in one line for all of them.
 */
export async function configuredLinks(
  { ports }: Pick<ControlPlane, 'ports'>,
  { key, shownFor, variables }: LinksRequest,
  signal: AbortSignal,
): Promise<readonly DeepLink[]> {
  const { links, problems } = read({ ports }, key);
  const known = links.every(isForAll) ? {} : await variablesOrWhy(variables, signal);
  const asked = links.map(async (link): Promise<DeepLink | LinkProblem | undefined> => {
    const url = isForAll(link) ? link.url : await urlOf(link, known, ports, signal);
    if (url === undefined) return undefined;
    const reason = typeof url === 'string' ? refusedUrl(url) : url.reason;
    if (reason !== undefined || typeof url !== 'string')
      return { link: link.title, reason: reason ?? '' };
    const { condition: _, ...shown } = link;
    return { ...shown, url };
  });
  const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined);
  const leftOut = [...problems, ...answers.filter((answer) => 'link' in answer)];
  if (leftOut.length > 0)
    ports.logger.warn({ key, shownFor, leftOut }, 'links of argocd-cm are left out');
  return answers.filter((answer) => 'url' in answer);
}

function read({ ports }: Pick<ControlPlane, 'ports'>, key: LinksKey): ConfiguredLinks {
  try {
    return readDeepLinks(ports.readYaml(readSetting(ports.config, key)));
  } catch (error) {
    if (!hasCode(error, 'InvalidManifest')) throw error;
    return { links: [], problems: [{ link: 'all', reason: error.message }] };
  }
}

/** Errors: the caller's, such as an object that is none of the Application; a cluster that does not answer is a reason. */
async function variablesOrWhy(
  variables: LinksRequest['variables'],
  signal: AbortSignal,
): Promise<JsonObject | string> {
  try {
    return await variables();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TiphysError) || error.code === 'InvalidRequest') throw error;
    return error.message;
  }
}

/** Where a link leads; `undefined` when its condition does not hold. */
async function urlOf(
  { url, condition }: ConfiguredLink,
  variables: JsonObject | string,
  { scripts }: Pick<ControlPlane['ports'], 'scripts'>,
  signal: AbortSignal,
): Promise<string | undefined | { readonly reason: string }> {
  if (typeof variables === 'string') return { reason: variables };
  const texts = { url, ...(condition !== undefined && { condition }) };
  const outcome = await scripts.linkUrl(texts, variables, signal);
  return outcome.type === 'value' ? outcome.value : { reason: outcome.reason };
}
