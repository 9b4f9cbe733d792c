import type { Connected } from './connected.ts';
import { createHydratorController } from '../controllers/hydrator.ts';
import { readCommitSettings } from '../core/hydrator/commit-message.ts';
import { textsOf } from '../core/objects/object-texts.ts';
import { createHydrator } from '../engine/hydrator/hydrator.ts';
import type { HydratorPorts } from '../engine/hydrator/ports.ts';
import { writeHydratedYaml } from './hydrated-yaml.ts';
import type { Controller } from '../runtime/controller.ts';

/** Groups of Applications that are hydrated at the same time. */
const WORKERS = 5;

/** The controller that hydrates; disposing stops it. */
export function openHydrator(connected: Connected): Controller<string> {
  const { ports: engine, settings, repositories, branches, config } = connected;
  const ports = {
    ...engine,
    ...{ repositories, branches },
    commitSettings: () => readCommitSettings(textsOf(config.configMap('argocd-cm'))),
    writeYaml: writeHydratedYaml,
  } satisfies HydratorPorts;
  const hydrator = createHydrator(ports, settings);
  return createHydratorController({ ports, hydrator, repositories, workers: WORKERS });
}
