import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newCode, typedCode } from '../../lib/express/device/workstation/workstation-code.ts';
import { type WorkstationRecord, workstationIn } from '../../lib/express/device/workstation/workstation-record.ts';
import { examineSecret, RENEWED_EVERY_MS, SETTLING_MS } from '../../lib/express/device/workstation/workstation-secret.ts';
import { digestOf, newSecret } from '../../lib/proofs/device-credential-secret.ts';

describe('a code', () => {
  test('has 80 bits in letters and digits that are not mistaken for others', () => {
    const codes = Array.from({ length: 500 }, newCode);
    expect(new Set(codes).size).toBe(500);
    for (const code of codes) expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32);
  });

  test.each([
    ['as it is', '0A1B-2C3D-4E5F-6G7H'],
    ['in lower case', '0a1b-2c3d-4e5f-6g7h'],
    ['without groups, and with spaces around', ' 0A1B2C3D4E5F6G7H\n'],
    ['in other groups', '0A 1B 2C 3D – 4E 5F 6G 7H'],
    ['with letters that look like digits', 'oAIb-2C3D-4E5F-6G7H'],
  ])('is read %s', (_how, typed) => {
    expect(typedCode(typed)).toBe('0A1B2C3D4E5F6G7H');
  });

  test.each([undefined, '', 7, ['0A1B-2C3D-4E5F-6G7H'], '0A1B-2C3D-4E5F', '0A1B-2C3D-4E5F-6G7H-8', '0A1B-2C3D-4E5F-6G7U', ' '.repeat(100)])(
    '%j is none',
    (typed) => {
      expect(typedCode(typed)).toBeUndefined();
    },
  );
});

const START = 1_000_000_000;

function enrolled(secret: string): WorkstationRecord {
  return { label: 'Front desk 2', enrolledAt: START, current: digestOf(secret), since: START };
}

/** The store, and browsers that present what they have. */
class Desk {
  record: WorkstationRecord;
  now = START;
  copied = false;

  constructor(secret: string) {
    this.record = enrolled(secret);
  }

  /** What a browser that presents a secret is given. */
  present(secret: string): string | undefined {
    const finding = examineSecret(this.record, secret, this.now);
    if (finding.found === 'copied') this.copied = true;
    else if (finding.change !== undefined) this.record = finding.change;
    return finding.found === 'good' ? finding.give : undefined;
  }
}

describe('the secret of a workstation', () => {
  test('is replaced a day after it came into use', () => {
    const secret = newSecret();
    const desk = new Desk(secret);
    desk.now += RENEWED_EVERY_MS - 1;
    expect(desk.present(secret)).toBeUndefined();
    desk.now += 1;
    const next = desk.present(secret) as string;
    expect(next).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(next).not.toBe(secret);
    desk.now += SETTLING_MS;
    expect(desk.present(next)).toBeUndefined();
    expect(desk.record).toMatchObject({ current: digestOf(next), since: desk.now, next: undefined });
    expect(desk.copied).toBe(false);
  });

  test('stays good until the new one has come back, and is answered by the same one', () => {
    const secret = newSecret();
    const desk = new Desk(secret);
    desk.now += RENEWED_EVERY_MS;
    const next = desk.present(secret);
    expect(desk.present(secret)).toBeUndefined();
    desk.now += 30 * RENEWED_EVERY_MS;
    expect(desk.present(secret)).toBe(next);
    expect(desk.copied).toBe(false);
  });

  test.each(['the first time', 'again, long after'])('given %s, it is not in force before it survives a power cut', (when) => {
    const secret = newSecret();
    const desk = new Desk(secret);
    desk.now += RENEWED_EVERY_MS;
    let next = desk.present(secret) as string;
    if (when !== 'the first time') {
      desk.now += RENEWED_EVERY_MS;
      next = desk.present(secret) as string;
    }
    desk.now += SETTLING_MS - 1;
    desk.present(next);
    desk.now += 2 * SETTLING_MS;
    expect(desk.present(secret)).toBe(next);
    expect(desk.copied).toBe(false);
  });

  test('the one before is taken for a moment, for what was under way, and then has been copied', () => {
    const secret = newSecret();
    const desk = new Desk(secret);
    desk.now += RENEWED_EVERY_MS;
    const next = desk.present(secret) as string;
    desk.now += SETTLING_MS;
    desk.present(next);
    desk.now += SETTLING_MS;
    expect(desk.present(secret)).toBeUndefined();
    expect(desk.copied).toBe(false);
    desk.now += 1;
    desk.present(secret);
    expect(desk.copied).toBe(true);
  });

  test('one that was never given out by this record has been copied', () => {
    const desk = new Desk(newSecret());
    desk.present(newSecret());
    expect(desk.copied).toBe(true);
  });

  test('the store keeps none of them', () => {
    const secret = newSecret();
    const desk = new Desk(secret);
    desk.now += RENEWED_EVERY_MS;
    const next = desk.present(secret) as string;
    for (const one of [secret, next]) expect(JSON.stringify(desk.record)).not.toContain(one);
    expect(workstationIn(JSON.stringify(desk.record))).toEqual(desk.record);
  });

  const step = fc.record({
    wait: fc.oneof(fc.integer({ min: 0, max: 2 * SETTLING_MS }), fc.integer({ min: 0, max: 2 * RENEWED_EVERY_MS })),
    /** Requests that are sent together, with what the browser had before the first answer. */
    together: fc.integer({ min: 1, max: 4 }),
    arrives: fc.boolean(),
    powerCut: fc.boolean(),
  });

  test('whatever is lost on the way, or in a power cut, a workstation that nobody has copied goes on', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let held = newSecret();
        const desk = new Desk(held);
        // What is on the disk: browsers write cookies there within a minute.
        let kept = { secret: held, writtenAt: START };
        let saved = held;
        for (const { wait, together, arrives, powerCut } of steps) {
          desk.now += wait;
          if (desk.now - kept.writtenAt >= SETTLING_MS) saved = kept.secret;
          if (powerCut) held = saved;
          const presented = held;
          for (let sent = 0; sent < together; sent += 1) {
            const given = desk.present(presented);
            if (given === undefined || !arrives) continue;
            held = given;
            kept = { secret: given, writtenAt: desk.now };
          }
          if (desk.copied) return false;
        }
        return true;
      }),
      { numRuns: 2_000 },
    );
  });

  test('a copy comes to light once either of the two has used a new secret that the other has not', () => {
    const turn = fc.record({ thief: fc.boolean(), wait: fc.integer({ min: 2 * SETTLING_MS, max: RENEWED_EVERY_MS }) });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 60 }), (turns) => {
        const secret = newSecret();
        const held = { owner: secret, thief: secret };
        const desk = new Desk(secret);
        for (const { thief, wait } of turns) {
          desk.now += wait;
          const who = thief ? 'thief' : 'owner';
          const isOutdated = desk.record.current !== digestOf(held[who]) && desk.record.next?.digest !== digestOf(held[who]);
          held[who] = desk.present(held[who]) ?? held[who];
          if (desk.copied !== isOutdated) return false;
          if (desk.copied) return true;
        }
        return true;
      }),
    );
  });
});
