import { RE2JS } from 're2js';
import type { CompilePattern } from '../core/access/enforcer.ts';
import { compileGlob } from '../core/glob.ts';

/** How the patterns of a policy are meant. */
export type MatchMode = 'glob' | 'regex';

/**
 * Globs whose `*` crosses slashes, or regular expressions as Go has them, found anywhere in the text.
 * Both take time in proportion to the text, whatever the pattern. One that is malformed matches nothing.
 */
export const PATTERNS: Readonly<Record<MatchMode, CompilePattern>> = {
  glob: (pattern) => compileGlob(pattern, { malformed: 'nothing' }),
  regex(pattern) {
    try {
      const compiled = RE2JS.compile(pattern);
      return (text) => compiled.matcher(text).find();
    } catch {
      return () => false;
    }
  },
};
