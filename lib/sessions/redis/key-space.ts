import { checkBook } from '../note-input.ts';
import type { SessionRef } from '../session-record.ts';
import { checkRef, checkTag } from '../store-input.ts';

/** Hash tags of the copies of the epochs in a Cluster. Their slots lie in different thirds of the key space. */
const EPOCH_TAGS = ['epochs', 'epochs:3', 'epochs:5'] as const;

/** The keys that a session can be under, and its name in its home. */
export interface Place {
  readonly home: string;
  readonly own: string;
  readonly member: string;
}

/**
 * Where things are in Redis. `<prefix>{<tag>}` is the home of a tag: it holds its first session and the names of the others, each of which
 * is under `<prefix>{<tag>}:app:profile:digest`. All keys of a tag are in one Cluster slot. A book of notes is at `<prefix>!{<book>}` and its
 * notes at `<prefix>!{<book>}:id`, and that an id was used at `<prefix>!!{<scope>}:id`: no prefix has an exclamation mark, so whatever a book or scope
 * is called, it is no tag of any store. A scope that is called like a tag is in the slot of its sessions.
 */
export class KeySpace {
  readonly prefix: string;
  /** Where the epochs of the apps are: one key, in a Cluster three copies on different masters. */
  readonly epochs: readonly string[];

  constructor(prefix: string, isCluster: boolean) {
    this.prefix = prefix;
    this.epochs = (isCluster ? EPOCH_TAGS : EPOCH_TAGS.slice(0, 1)).map((tag) => `${prefix}{${tag}}`);
  }

  home(tag: string): string {
    checkTag(tag);
    return `${this.prefix}{${tag}}`;
  }

  /** The name of a session in its home. */
  member({ app, profile, digest }: SessionRef): string {
    return `${app}:${profile}:${digest}`;
  }

  place(ref: SessionRef): Place {
    checkRef(ref);
    const home = `${this.prefix}{${ref.tag}}`;
    const member = this.member(ref);
    return { home, member, own: `${home}:${member}` };
  }

  book(name: string): string {
    checkBook(name);
    return `${this.prefix}!{${name}}`;
  }

  /** Where it is remembered that an id was used; both have been checked. */
  use(scope: string, id: string): string {
    return `${this.prefix}!!{${scope}}:${id}`;
  }

  /** The reference that a name stands for, if it is one. */
  refOfMember(tag: string, member: string): SessionRef | undefined {
    const [app, profile, digest, ...rest] = member.split(':');
    if (app === undefined || profile === undefined || digest === undefined || rest.length > 0) return undefined;
    const ref = { app, profile, tag, digest };
    return isSound(ref) ? ref : undefined;
  }

  /** The tag of a key and, if it is the key of a single session, its name. `undefined` for keys of other kinds. */
  readKey(key: string): { readonly tag: string; readonly member: string | undefined } | undefined {
    const tagAt = this.prefix.length + 1;
    const tag = key.slice(tagAt, tagAt + 16);
    const home = `${this.prefix}{${tag}}`;
    if (key === home) return { tag, member: undefined };
    return key.startsWith(`${home}:`) ? { tag, member: key.slice(home.length + 1) } : undefined;
  }

  /** A SCAN pattern for everything of every tag. */
  get pattern(): string {
    return `${this.prefix}{*`;
  }
}

function isSound(ref: SessionRef): boolean {
  try {
    checkRef(ref);
    return true;
  } catch {
    return false;
  }
}
