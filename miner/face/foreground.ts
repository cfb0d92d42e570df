/** Whether the terminal is ours just now: a shell takes it back from a job in the background. */
import { readFileSync } from 'node:fs';

/**
 * Whether this process belongs to the foreground group of its terminal. True where there is no telling: on systems
 * other than Linux, and without a terminal.
 * @param stat the text of `/proc/self/stat`
 */
export function isForegroundBy(stat: string): boolean {
  // proc(5): pid (name) state ppid pgrp session tty_nr tpgid …; a name may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [group, terminalGroup] = [Number(fields[2]), Number(fields[5])];
  return !(terminalGroup > 0) || group === terminalGroup;
}

/** {@link isForegroundBy} of this process, now. */
export function isForeground(): boolean {
  try {
    return isForegroundBy(readFileSync('/proc/self/stat', 'utf8'));
  } catch {
    return true;
  }
}
