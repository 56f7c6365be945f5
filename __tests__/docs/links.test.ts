import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/source-tree.ts';
import { anchors, DOCUMENTS, links, readDocument } from './markdown.ts';

/** A link that leads nowhere, or `undefined`. */
async function dead(from: string, target: string): Promise<string | undefined> {
  if (target.startsWith('https://')) return URL.canParse(target) ? undefined : target;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : join(dirname(from), path);
  try {
    await access(join(ROOT, file));
  } catch {
    return target;
  }
  return anchor === undefined || anchors(await readDocument(file)).has(anchor) ? undefined : target;
}

describe('links in the documents', () => {
  test.each(DOCUMENTS)('%s leads where it says', async (path) => {
    const targets = links(await readDocument(path));
    const checked = await Promise.all(targets.map((target) => dead(path, target)));
    expect(checked.filter((target) => target !== undefined)).toEqual([]);
  });

  test('a dead link is seen', async () => {
    expect(await dead('README.md', 'lib/nothing.md')).toBe('lib/nothing.md');
    expect(await dead('README.md', 'SECURITY.md#nothing')).toBe('SECURITY.md#nothing');
  });
});
