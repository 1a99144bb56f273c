import Foundation
import Testing

/// Runs of the program on a small model that is written a layer at a time, in a folder of its own.
///
/// A layer-scope value makes every layer a step of its own, so that a run can be stopped between them.
final class LayeredRun {
    /// 3 tensors in each of 12 layers, and 2 outside.
    static let tensors = 38
    let scratch: Scratch
    var path: String { scratch.path }

    static let recipe = """
        local dppa = require "dppa.v1"
        local base, a = dppa.model "models/base", dppa.model "models/a"
        local factor = dppa.option { name = "factor", default = 0.5 }
        local first = dppa.option { name = "first", default = 1 }
        local delta = (a - base):apply(function(part)
          local size = dppa.mean(dppa.abs(part), "layer")
          return dppa.where(dppa.top(dppa.abs(part), 0.5, "tensor"), factor * (1 + size) * part, 0)
        end, { on = "model.layers.*" })
        return base + delta:apply(function(part) return first * part end, { on = "model.layers.0.*" })
        """

    init() throws {
        scratch = try Scratch()
        try TinyModels.write(["base", "a", "b"], layers: 12, in: path + "/models")
        _ = try scratch.write(Self.recipe, "r.lua")
    }

    /// Runs the recipe into `out`; `environment` stands before the program as a shell has it.
    func run(
        _ options: String = "", environment: String = "", out: String = "out"
    ) throws -> CommandLineTests.Result {
        try Shell.run("\(environment) \"$dppa\" run r.lua --out \(out) \(options)", in: path)
    }

    /// The digests of all files below a folder, by path; nothing where it is not there.
    func contents(_ folder: String = "out") throws -> [String: String] {
        var all: [String: String] = [:]
        let below = FileManager.default.enumerator(atPath: path + "/" + folder)
        while let name = below?.nextObject() as? String {
            guard let data = try? Data(contentsOf: URL(fileURLWithPath: "\(path)/\(folder)/\(name)")) else { continue }
            all[name] = sha256(Array(data))
        }
        return all
    }

    /// What lies in the folder besides the inputs.
    func entries() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter {
            !["models", "r.lua"].contains($0) && !$0.hasPrefix("fault")
        }.sorted()
    }

    func remove(_ name: String = "out") { try? FileManager.default.removeItem(atPath: path + "/" + name) }
}

/// A library before the C library that lets a call of the system fail, the call by its number: writing, syncing, creating,
/// renaming.
enum Faults {
    /// Makes the library `faults.so` in a folder.
    static let script = """
        cat > faults.c <<'END'
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stdarg.h>
        #include <stdatomic.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <unistd.h>
        static atomic_int calls;
        __attribute__((destructor)) static void tell(void) {
          const char *path = getenv("FAULT_COUNT");
          FILE *file = path ? fopen(path, "w") : 0;
          if (file) { fprintf(file, "%d", calls); fclose(file); }
        }
        enum { none = 0, part = -1 };
        /* What is to go wrong with this call: an error number, `part`, or nothing. */
        static int fault(int writes) {
          const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
          int number = ++calls;
          if (!at || !kind) return none;
          if (!strcmp(kind, "ENOSPC")) return writes && number >= atoi(at) ? ENOSPC : none;
          if (number != atoi(at)) return none;
          if (!strcmp(kind, "kill")) { kill(getpid(), SIGKILL); pause(); }
          if (!strcmp(kind, "short")) return writes ? part : none;
          if (!strcmp(kind, "EINTR")) return writes ? EINTR : none;
          return EIO;
        }
        #define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
        #define FAIL(writes) int f = fault(writes); if (f > 0) { errno = f; return -1; }
        static int regular(int d) { struct stat s; return fstat(d, &s) == 0 && S_ISREG(s.st_mode); }
        ssize_t write(int d, const void *b, size_t n) {
          REAL(write); if (!regular(d)) return real(d, b, n);
          FAIL(1) return real(d, b, f == part && n > 1 ? n / 2 : n);
        }
        ssize_t pwrite(int d, const void *b, size_t n, off_t o) {
          REAL(pwrite); FAIL(1) return real(d, b, f == part && n > 1 ? n / 2 : n, o);
        }
        ssize_t pwrite64(int d, const void *b, size_t n, off64_t o) {
          REAL(pwrite64); FAIL(1) return real(d, b, f == part && n > 1 ? n / 2 : n, o);
        }
        ssize_t copy_file_range(int a, off64_t *x, int b, off64_t *y, size_t n, unsigned g) {
          REAL(copy_file_range); FAIL(1) return real(a, x, b, y, f == part && n > 1 ? n / 2 : n, g);
        }
        int fsync(int d) { REAL(fsync); FAIL(0) return real(d); }
        int fdatasync(int d) { REAL(fdatasync); FAIL(0) return real(d); }
        int ftruncate(int d, off_t n) { REAL(ftruncate); FAIL(0) return real(d, n); }
        int mkdir(const char *p, mode_t m) { REAL(mkdir); FAIL(0) return real(p, m); }
        int rename(const char *a, const char *b) { REAL(rename); FAIL(0) return real(a, b); }
        int renameat2(int a, const char *x, int b, const char *y, unsigned g) {
          REAL(renameat2); FAIL(0) return real(a, x, b, y, g);
        }
        int posix_fallocate(int d, off_t o, off_t n) {
          REAL(posix_fallocate); int f = fault(1); return f == EIO || f == ENOSPC ? f : real(d, o, n);
        }
        int open(const char *p, int flags, ...) {
          va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list);
          REAL(open); if (flags & O_CREAT) { FAIL(0) } return real(p, flags, mode);
        }
        int open64(const char *p, int flags, ...) {
          va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list);
          REAL(open64); if (flags & O_CREAT) { FAIL(0) } return real(p, flags, mode);
        }
        END
        { cc -w -shared -fPIC -o faults.so faults.c -ldl || clang -w -shared -fPIC -o faults.so faults.c -ldl; }
        test -s faults.so
        """
    static let canCompile = (try? Shell.run(script, in: Scratch()))?.code == 0

    /// How many places are tried of each kind; `DPPA_FAULTS=1000` tries all, or so many kills.
    static let count = ProcessInfo.processInfo.environment["DPPA_FAULTS"].flatMap { Int($0) } ?? 12
}
