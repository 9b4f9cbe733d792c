import type { WasmModule } from '../web-assembly.ts';
import { compileLinks, type LinkLimits } from './compile-links.ts';
import { createLinkMachine, type LinkMachine } from './link-machine.ts';

/** The machine for links: loaded with the first, and made anew when one broke it. */
export interface Links {
  /** What renders a link while the time is `now`, milliseconds since 1970. */
  load(now: number): Promise<LinkMachine['render']>;
}

/** Small objects take Go more than ten bytes for one of JSON, and an Application, its project and an object can be megabytes each. */
const SHARE = 2;

/** `maxBytes`: half of what the machine may have. */
export function createLinks({ maxBytes, ...limits }: LinkLimits): Links {
  let module: WasmModule | undefined;
  let machine: LinkMachine | undefined;
  let time = 0;

  return {
    async load(now) {
      time = now;
      const compiled = module ?? (await compileLinks({ ...limits, maxBytes: SHARE * maxBytes }));
      if ('missing' in compiled)
        return () => ({ type: 'failed', kind: 'run', reason: compiled.missing });
      module = compiled;
      return (link, variables) => {
        if (machine?.usable !== true) machine = createLinkMachine(compiled, () => time);
        return machine.render(link, variables);
      };
    },
  };
}
