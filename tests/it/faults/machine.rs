//! Disks of the tests' own: a file system that can be cut off from power, one that can be full, and two small C programs. Whatever happens to
//! the test, what was mounted is unmounted.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// How folders are named that something may be mounted in.
const PREFIX: &str = "jinfu-faults-";

/// Runs a tool of the machine.
fn tool(name: &str, words: &[&str]) -> Result<Output, String> {
    let run = Command::new(name).args(words).output();
    let output = run.map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        Ok(output)
    } else {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("{name} {words:?}: {told}"))
    }
}

/// Unmounts what a killed run left behind.
fn clear_away_stale() {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let folders = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    for folder in folders.filter(|folder| folder.contains(PREFIX)) {
        let owner = folder.split(PREFIX).nth(1).unwrap_or_default();
        let process: String = owner.chars().take_while(char::is_ascii_digit).collect();
        if !Path::new("/proc").join(&process).exists() {
            drop(tool("umount", &["-l", folder]));
            if let Some(parent) = Path::new(folder).parent() {
                drop(std::fs::remove_dir_all(parent));
            }
        }
    }
}

/// A mounted file system, unmounted when dropped.
pub(super) struct Disk {
    folder: TempDir,
    image: Option<PathBuf>,
}

impl Disk {
    fn folder() -> TempDir {
        clear_away_stale();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mnt")).unwrap();
        folder
    }

    /// An ext4 file system on an image of 64 MiB.
    pub(super) fn ext4() -> Result<Disk, String> {
        let folder = Disk::folder();
        let image = folder.path().join("image");
        let file = std::fs::File::create(&image).unwrap();
        file.set_len(64 << 20).unwrap();
        tool("mkfs.ext4", &["-q", "-F", &image.display().to_string()])?;
        let disk = Disk {
            folder,
            image: Some(image),
        };
        disk.mount()?;
        Ok(disk)
    }

    /// A file system in memory with room for so many pages of 4 KiB.
    pub(super) fn in_memory(pages: u64) -> Result<Disk, String> {
        let disk = Disk {
            folder: Disk::folder(),
            image: None,
        };
        let size = format!("size={}", pages * 4_096);
        let path = disk.path().display().to_string();
        tool("mount", &["-t", "tmpfs", "-o", &size, "jinfu", &path])?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("mnt")
    }

    /// Mounts the image; its loop device goes with the mount.
    pub(super) fn mount(&self) -> Result<(), String> {
        let image = self.image.as_ref().unwrap().display().to_string();
        let path = self.path().display().to_string();
        tool("mount", &["-o", "loop", &image, &path]).map(drop)
    }

    /// Unmounts it, waiting for whoever is still leaving.
    pub(super) fn unmount(&self) -> Result<(), String> {
        let path = self.path().display().to_string();
        let mut tries = 0;
        loop {
            match tool("umount", &[&path]) {
                Ok(_) => return Ok(()),
                Err(error) if tries > 200 => return Err(error),
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
            tries += 1;
        }
    }

    /// Gives a disk in memory room for so many pages beyond those in use.
    pub(super) fn leave_room(&self, pages: u64) {
        let path = self.path().display().to_string();
        let told = tool("stat", &["-f", "-c", "%b %f", &path]).unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let mut numbers = told
            .split_whitespace()
            .map(|word| word.parse::<u64>().unwrap());
        let used = numbers.next().unwrap() - numbers.next().unwrap();
        // No size at all would be no limit.
        let size = format!("remount,size={}", (used + pages).max(1) * 4_096);
        tool("mount", &["-o", &size, &path]).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, since whoever still has a file open there may be the reason for the failure.
        let path = self.path().display().to_string();
        if tool("umount", &[&path]).is_err() {
            drop(tool("umount", &["-l", &path]));
        }
    }
}

/// Waits for a byte, and then cuts a file system off: nothing that was not synced reaches the disk any more (`FS_IOC_SHUTDOWN` without flushing
/// the log).
const CUT_POWER: &str = r"
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
int main(int count, char **words) {
    unsigned flag = 2;
    char byte = 0;
    int folder = open(words[1], O_RDONLY | O_DIRECTORY);
    if (folder < 0 || write(1, &byte, 1) != 1 || read(0, &byte, 1) != 1) { return 1; }
    if (ioctl(folder, 0x8004587d, &flag) != 0) { perror(words[1]); return 1; }
    return 0;
}
";

/// A C library whose syncs do nothing.
const NO_SYNC: &str = "int fsync(int file) { return 0; } int fdatasync(int file) { return 0; }";

/// A C library where `fdatasync` fails on a database file, by which only the program itself syncs it: SQLite inside is built to call `fsync`.
const FAILING_SYNC: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int fdatasync(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path);
    if (length > 3 && memcmp(path + length - 3, ".db", 3) == 0) { errno = EIO; return -1; }
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    return real(file);
}
"#;

/// The programs, compiled.
pub(super) struct Programs(TempDir);

/// What the compiler is told to make a library.
const LIBRARY: &[&str] = &["-shared", "-fPIC"];

impl Programs {
    pub(super) fn compile() -> Result<Programs, String> {
        let programs = Programs(tempfile::tempdir().unwrap());
        for (name, text, output, options) in [
            ("cut_power.c", CUT_POWER, programs.cutter(), [].as_slice()),
            ("no_sync.c", NO_SYNC, programs.no_sync(), LIBRARY),
            (
                "failing_sync.c",
                FAILING_SYNC,
                programs.failing_sync(),
                LIBRARY,
            ),
        ] {
            let source = programs.0.path().join(name);
            std::fs::write(&source, text).unwrap();
            let (source, output) = (source.display().to_string(), output.display().to_string());
            tool("cc", &[options, &["-o", &output, &source]].concat())?;
        }
        Ok(programs)
    }

    fn cutter(&self) -> PathBuf {
        self.0.path().join("cut_power")
    }

    /// The library whose syncs do nothing.
    pub(super) fn no_sync(&self) -> PathBuf {
        self.0.path().join("no_sync.so")
    }

    /// The library where the program's own sync of a database file fails.
    pub(super) fn failing_sync(&self) -> PathBuf {
        self.0.path().join("failing_sync.so")
    }

    /// Makes ready to cut the power of a disk.
    pub(super) fn cutter_of(&self, disk: &Disk) -> Cutter {
        let process = Command::new(self.cutter())
            .arg(disk.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = process.unwrap();
        let mut ready = [0];
        process
            .stdout
            .take()
            .unwrap()
            .read_exact(&mut ready)
            .unwrap();
        Cutter(process)
    }
}

/// Ready to cut the power.
pub(super) struct Cutter(Child);

impl Cutter {
    /// Cuts it at once.
    pub(super) fn cut(mut self) {
        self.0.stdin.take().unwrap().write_all(&[0]).unwrap();
        assert!(self.0.wait().unwrap().success(), "the power was not cut");
    }
}
