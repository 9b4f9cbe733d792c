/** What the owner tells its supervisor: one JSON object per line of the supervisor's input. */
export type Command =
  | {
      readonly type: 'start';
      readonly name: string;
      readonly program: string;
      readonly args: readonly string[];
      readonly logFile: string;
      readonly env?: Readonly<Record<string, string>>;
    }
  | { readonly type: 'signal'; readonly name: string; readonly signal: 'SIGTERM' | 'SIGKILL' };

/** What the supervisor answers: one JSON object per line of its output. */
export type Notice =
  | { readonly type: 'ready'; readonly webhookUrl: string }
  | { readonly type: 'started'; readonly name: string; readonly pid: number }
  | { readonly type: 'ended'; readonly name: string; readonly how: string };
