/** What is wrong with a file or folder that somebody named, in words; the path is said by whoever asks. */

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EISDIR: 'it is a folder, and a file is wanted',
  ENOTDIR: 'a part of the path is no folder',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long for a file',
  EROFS: 'it is on a file system that only reads',
  ENOSPC: 'there is no room left on its file system',
};

/** The words for an error of `node:fs`; of others their message. */
export function fileProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '' } = error as NodeJS.ErrnoException;
  return words[code] ?? error.message;
}
