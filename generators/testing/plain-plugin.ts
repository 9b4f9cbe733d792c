import { join } from 'node:path';
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** What another implementation makes of the protocol: nothing of ours but the definition. */
export function plainService(): ServiceClientConstructor {
  const file = join(import.meta.dirname, '../plugin/plugin.proto');
  const loaded = loadPackageDefinition(loadSync(file)) as GrpcObject & {
    readonly plugin: { readonly ConfigManagementPluginService: ServiceClientConstructor };
  };
  return loaded.plugin.ConfigManagementPluginService;
}

export type Answer = (error: unknown, value?: object) => void;

/** Handlers of calls, by the name of the method. */
export type PlainHandlers = Readonly<Record<string, (call: object, answer: Answer) => void>>;

/** A plugin of another implementation, behind a socket of that name. */
export async function plainServer(
  socketDir: string,
  name: string,
  handlers: PlainHandlers,
): Promise<AsyncDisposable> {
  const server = new Server();
  server.addService(plainService().service, {
    CheckPluginConfiguration: (_call: object, answer: Answer) => answer(null, {}),
    GenerateManifest: () => {},
    MatchRepository: () => {},
    GetParametersAnnouncement: () => {},
    ...handlers,
  } as never);
  const socket = `unix:${join(socketDir, `${name}.sock`)}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(socket, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return {
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}
