import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What containers of these names have written, in every Pod; others have no log, and reading it is refused. */
export const LOGGED_CONTAINERS = ['web', 'worker'] as const;

export type LoggedContainer = (typeof LOGGED_CONTAINERS)[number];

/** Where the log of a container is, below the data of a control plane. */
const pathOf = (dataDir: string, name: string): string => join(dataDir, 'container-logs', name);

/** Logs as the CRI writes them: time, stream, whether the line is whole, text. */
const FIRST_LINES: Readonly<Record<LoggedContainer, readonly string[]>> = {
  web: [
    '2026-01-01T10:00:00.100000000Z stdout F GET /index.html 200',
    '2026-01-01T10:00:02.300000000Z stderr F ERROR upstream is gone',
    '2026-01-01T10:00:04.500000000Z stdout F GET /health 200',
  ],
  worker: [
    '2026-01-01T10:00:01.200000000Z stdout F took job 1',
    '2026-01-01T10:00:03.400000000Z stdout F error in job 1',
  ],
};

const PREVIOUS_LINE = '2025-12-31T23:59:59.000000000Z stdout F the end of the one before';

export async function writeContainerLogs(dataDir: string): Promise<void> {
  await mkdir(join(dataDir, 'container-logs'), { recursive: true });
  for (const name of LOGGED_CONTAINERS) {
    await writeFile(pathOf(dataDir, `${name}.log`), `${FIRST_LINES[name].join('\n')}\n`);
    await writeFile(pathOf(dataDir, `${name}.previous.log`), `${PREVIOUS_LINE}\n`);
  }
}

/** One more line, written now by a container of that name in every Pod of the cluster. */
export async function logLine(
  dataDir: string,
  container: LoggedContainer,
  line: { readonly time: string; readonly text: string },
): Promise<void> {
  await appendFile(pathOf(dataDir, `${container}.log`), `${line.time} stdout F ${line.text}\n`);
}

/** What tells kwok of them. */
export function containerLogsOf(dataDir: string): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'ClusterLogs',
    metadata: { name: 'logs' },
    spec: {
      logs: LOGGED_CONTAINERS.map((name) => ({
        containers: [name],
        logsFile: pathOf(dataDir, `${name}.log`),
        previousLogsFile: pathOf(dataDir, `${name}.previous.log`),
      })),
    },
  };
}
