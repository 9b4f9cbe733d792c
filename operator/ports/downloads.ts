/** Programs that the server hands out. */
export interface Downloads {
  /** One by the name of its file, without a folder; `undefined` when there is none. Whoever gets a body must read it or end it. */
  open(file: string): Promise<Download | undefined>;
}

export interface Download {
  readonly bytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}
