import { TiphysError } from '../../core/errors.ts';
import { commitDetails, type DryCommit } from '../../core/hydrator/commit-details.ts';
import { commitAuthor, commitMessage } from '../../core/hydrator/commit-message.ts';
import {
  changesManifests,
  hydratedFiles,
  type HydratedApplication,
} from '../../core/hydrator/layout.ts';
import { fillPlaceholders, type Filled } from '../../core/hydrator/placeholders.ts';
import type { HydratedChange } from '../../ports/index.ts';
import type { Member } from './members.ts';
import type { HydratorPorts } from './ports.ts';

/** The commit of a group. Errors: `InvalidConfig` for a template that cannot be filled. */
export function changeOf(
  group: readonly Member[],
  applications: readonly HydratedApplication[],
  commit: DryCommit,
  { commitSettings, writeYaml }: Pick<HydratorPorts, 'commitSettings' | 'writeYaml'>,
): HydratedChange {
  const details = commitDetails(commit);
  const settings = commitSettings();
  const { messageTemplate, readmeTemplate } = settings;
  const readme =
    readmeTemplate.trim() === ''
      ? undefined
      : filled('readmeMessageTemplate', fillPlaceholders(readmeTemplate, details));
  return {
    folders: group.map(({ folder }) => folder),
    files: hydratedFiles(applications, { details, writeYaml, readme }),
    message: filled('commitMessageTemplate', commitMessage(details, messageTemplate)),
    author: commitAuthor(settings),
    isWorthwhile: changesManifests,
  };
}

function filled(key: string, text: Filled): string {
  if (text.type === 'text') return text.text;
  throw new TiphysError(
    'InvalidConfig',
    `argocd-cm: sourceHydrator.${key}: ${text.what.slice(0, 100)} is not supported`,
    {
      hint: 'Use {{ .metadata.NAME }} with repoURL, drySha, author, date, subject or body, and `| trunc N` at most.',
    },
  );
}
