// npm writes a lock file without the optional platform packages that the registry in use does not carry (darwin, win32 …);
// `npm ci` elsewhere then stops with "Missing: @swc/core-darwin-arm64@ from lock file". Run this after every `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const OPERATING_SYSTEMS = 'darwin win32 linux android freebsd openbsd netbsd sunos aix openharmony'.split(' ');
const CPUS = 'arm64 x64 ia32 arm ppc64 s390x riscv64 loong64 mips64el wasm32'.split(' ');
const ARM_ABI = /^(gnueabihf|musleabihf|eabi)$/;

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
let added = 0;

for (const [path, pkg] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(pkg.optionalDependencies ?? {})) {
    const flat = `node_modules/${name}`;
    const known = lock.packages[flat] ?? lock.packages[`${path}/node_modules/${name}`];
    if (known || !/^\d/.test(version)) continue;
    const words = name.split(/[-/.]/);
    const os = OPERATING_SYSTEMS.filter((candidate) => words.includes(candidate));
    const cpu = CPUS.filter((candidate) =>
      words.some((word) => word === candidate || (candidate === 'arm' && ARM_ABI.test(word))),
    );
    if (!os.length && !cpu.length) throw new Error(`cannot tell the platform of ${name} from its name`);
    lock.packages[flat] = {
      version,
      ...(cpu.length && { cpu: cpu.slice(0, 1) }),
      ...(pkg.dev && { dev: true }),
      optional: true,
      ...(os.length && { os }),
    };
    added++;
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(FILE, JSON.stringify(lock, null, 2) + '\n');
console.log(`added ${added} entries to ${FILE}`);
