import { linksProgram } from './links-program.ts';
import { progressToStderr as log, toolCacheFolder } from './tool-cache.ts';
import { MissingToolError } from './waiting.ts';

// Called by rolldown.config.ts, whose Node may be another one: prints where the program for links is, or why
// there is none, as JSON.

async function find(): Promise<object> {
  try {
    const cacheDir = toolCacheFolder(process.env);
    return await linksProgram({ cacheDir, log }, AbortSignal.timeout(600_000));
  } catch (error) {
    if (error instanceof MissingToolError) return { missing: error.message };
    throw error;
  }
}

process.stdout.write(JSON.stringify(await find()));
