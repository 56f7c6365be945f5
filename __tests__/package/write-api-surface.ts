import { writeFile } from 'node:fs/promises';
import { RECORD, apiSurface } from './api-surface.ts';

// Records the public interface as it is now: `npm run api:update`.
await writeFile(RECORD, await apiSurface());
