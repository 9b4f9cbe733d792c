export { createDiskCache, type DiskCacheOptions } from './disk-cache.ts';
export { storeIn } from './store-in.ts';
export { openWorkingArea, type WorkingArea, type WorkingAreaOptions } from './working-area.ts';
