import type { JsonObject } from '../../operator/index.ts';
import type { SourceDetails } from '../../operator/services/index.ts';
import { withoutEmpty } from './repository.ts';
import { withoutZero } from './without-zero.ts';

/** What a source offers; each kind of it has its own part. */
export function presentDetails(details: SourceDetails, appName: string): JsonObject {
  switch (details.type) {
    case 'Helm': {
      const { valueFiles, parameters, values, fileParameters } = details;
      const lists = {
        ...(valueFiles.length > 0 && { valueFiles }),
        ...(fileParameters.length > 0 && {
          fileParameters: fileParameters.map(({ name, path }) => ({ name, path })),
        }),
      };
      const shown = parameters.map((one) => ({ ...one }));
      const found = { ...(shown.length > 0 && { parameters: shown }) };
      return {
        type: 'Helm',
        helm: { ...withoutEmpty({ name: appName, values }), ...lists, ...found },
      };
    }
    case 'Kustomize': {
      const { images } = details;
      return { type: 'Kustomize', kustomize: images.length > 0 ? { images } : {} };
    }
    case 'Directory':
      return { type: 'Directory', directory: {} };
    case 'Plugin': {
      const parametersAnnouncement = details.announced.map(({ map, ...rest }) => ({
        ...withoutZero(rest),
        ...(Object.keys(map).length > 0 && { map }), // data of people, in which nothing is zero
      }));
      return { type: 'Plugin', plugin: withoutZero({ parametersAnnouncement }) };
    }
  }
}
