//! The commands: one table, one family a file.

mod copy;
mod debug;
mod figures;
mod files;
mod links;
mod list;
mod parallel;
mod prof;
mod remove;
mod run;
mod session;
mod table;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::failure::Outcome;
use crate::shell::Session;

pub(crate) use debug::subjects;
pub(crate) use list::{column_layout, layout};
pub(crate) use parallel::parallel;
pub(crate) use session::remember;

/// An entry of the table.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) brief: &'static str,
    /// How it is called, in one line.
    pub(crate) usage: &'static str,
    /// What it does, in one line.
    pub(crate) summary: &'static str,
    pub(crate) run: fn(&mut Session<'_>, &[String]) -> Outcome,
}

impl core::fmt::Debug for Command {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.name)
    }
}

macro_rules! commands {
    ($($name:literal $brief:literal $usage:literal $summary:literal $run:path;)*) => {
        &[$(Command { name: $name, brief: $brief, usage: $usage, summary: $summary, run: $run }),*]
    };
}

/// All commands, in the order of the alphabet.
pub(crate) static COMMANDS: &[Command] = commands! {
    "cat" "show files" "cat FILE..." "Show the contents of files." files::cat;
    "cd" "change the directory" "cd [DIRECTORY]" "Change the current directory; without one, to /." session::cd;
    "clear" "clear the terminal" "clear" "Clear the terminal and its scrollback." session::clear;
    "cp" "copy files" "cp [-r] SOURCE... TARGET" "Copy files; -r copies directories too." copy::cp;
    "date" "date and time" "date" "Show the date and time (UTC)." figures::date;
    "debug" "look into the kernel" "debug [SUBJECT [ID | ADDRESS]]" "Show what the kernel knows about itself; alone, list the subjects." debug::debug;
    "devices" "the machine's devices" "devices" "List the devices on the PCI bus and their drivers." figures::devices;
    "df" "disk space" "df" "Show the mounted file systems and their free space." figures::df;
    "dmesg" "the kernel's log" "dmesg [LINES]" "Show what the kernel has logged, or the last LINES of it." figures::dmesg;
    "echo" "show text" "echo [-n] [TEXT...]" "Show text; -n leaves out the line end." session::echo;
    "edit" "edit a file" "edit FILE" "Open a text file in the Text Editor." run::edit;
    "exit" "close this window" "exit" "End this shell and close its window." session::exit;
    "files" "browse a directory" "files [DIRECTORY]" "Open a directory in Files; without one, the current directory." run::files;
    "free" "memory in use" "free" "Show how much memory is in use." figures::free;
    "help" "this list" "help [COMMAND]" "List the commands, or show how one is used." session::help;
    "history" "lines entered so far" "history" "List the lines entered in this shell." session::history;
    "kill" "end a process" "kill PID..." "End processes: apps, shells, jobs of parallel, sleep; ps shows their numbers." figures::kill;
    "ln" "make a symbolic link" "ln -s TARGET LINK" "Make a symbolic link that leads to TARGET." links::ln;
    "ls" "list a directory" "ls [-l] [-a] [PATH...]" "List directories; -l with sizes, dates and where links lead." list::ls;
    "mkdir" "make a directory" "mkdir [-p] DIRECTORY..." "Make directories; -p also those on the way." files::mkdir;
    "mkfifo" "make a named pipe" "mkfifo PIPE..." "Make named pipes: what one process writes there, another reads." links::mkfifo;
    "mount" "what is mounted" "mount" "List the mounted file systems, what they lie on, and how." figures::mount;
    "mv" "move or rename" "mv SOURCE... TARGET" "Move or rename files and directories." copy::mv;
    "parallel" "run commands at once" "parallel COMMAND & COMMAND [& ...]" "Run commands at once, each as a process." parallel::alone;
    "poweroff" "switch the machine off" "poweroff" "Switch the machine off." figures::power_off;
    "prof" "what the CPUs do" "prof [SECONDS]" "Watch where the CPUs spend their time; show the hottest functions." prof::prof;
    "ps" "list the processes" "ps [-t]" "List the processes; -t lists threads." figures::ps;
    "pwd" "the current directory" "pwd" "Show the current directory." session::pwd;
    "readlink" "where a link leads" "readlink LINK..." "Show where symbolic links lead." links::readlink;
    "reboot" "start the machine anew" "reboot" "Start the machine anew." figures::reboot;
    "rm" "remove files" "rm [-r] PATH..." "Remove files; -r removes directories and what is in them." remove::rm;
    "run" "open an app, run a script" "run [APP | SCRIPT]" "Open an app, or run the commands in a file; alone, list the apps." run::run;
    "sleep" "wait some seconds" "sleep SECONDS" "Wait; fractions such as 0.5 are allowed." session::sleep;
    "stat" "all about a file" "stat PATH..." "Show all that is known about files; of symbolic links, about the links." links::stat;
    "sync" "write to the disks" "sync" "Put on the disks what is only in memory so far." files::sync;
    "touch" "make an empty file" "touch FILE..." "Create empty files where there are none." files::touch;
    "uptime" "time running, load" "uptime" "Show how long the system has run and how busy it is." figures::uptime;
    "version" "name and version" "version" "Show the system's name and version." figures::version;
    "write" "put text into a file" "write [-a] FILE TEXT..." "Replace a file's contents with a line of text; -a appends it." files::write;
};

/// The command called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// Whether a command is for changing files. What a line of such commands has done is on the disk when the prompt comes back.
pub(crate) fn changes_files(command: &Command) -> bool {
    matches!(command.name, "cp" | "ln" | "mkdir" | "mkfifo" | "mv" | "rm" | "touch" | "write")
}

/// The command whose name is closest to a mistyped one, if any is close.
pub(crate) fn similar(name: &str) -> Option<&'static str> {
    const FOREIGN: [(&str, &str); 11] = [
        ("dir", "ls"),
        ("del", "rm"),
        ("delete", "rm"),
        ("copy", "cp"),
        ("move", "mv"),
        ("rename", "mv"),
        ("type", "cat"),
        ("shutdown", "poweroff"),
        ("cls", "clear"),
        ("uname", "version"),
        ("lspci", "devices"),
    ];
    if let Some((_, ours)) = FOREIGN.iter().find(|(foreign, _)| *foreign == name) {
        return Some(ours);
    }
    let (distance, closest) = COMMANDS
        .iter()
        .map(|command| (edit_distance(name, command.name), command.name))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 || (distance == 2 && name.chars().count() >= 5)).then_some(closest)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the
/// other ("optimal string alignment"). Words here are short; long ones are far from all.
fn edit_distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(20).collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = alloc::vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut above, row);
    }
    above[right.len()]
}

/// Parts options such as `-l` or `-la`, wherever they stand, from the other arguments; `None` when one is not
/// among `known`. What follows `--` is no option.
fn split_options(arguments: &[String], known: &str) -> Option<(String, Vec<String>)> {
    let mut options = String::new();
    let mut rest = Vec::new();
    let mut all = arguments.iter();
    while let Some(argument) = all.next() {
        if argument == "--" {
            rest.extend(all.cloned());
            break;
        }
        match argument.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            Some(letters) if letters.chars().all(|letter| known.contains(letter)) => {
                options.push_str(letters)
            }
            Some(_) => return None,
            None => rest.push(argument.clone()),
        }
    }
    Some((options, rest))
}

/// The usage of the command called `name`, as a failure.
fn usage(name: &'static str) -> crate::failure::Failure {
    match find(name) {
        Some(command) => crate::failure::Failure::Usage(command),
        None => crate::failure::Failure::Message("wrong arguments".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_how() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
        for command in COMMANDS {
            assert!(command.usage.starts_with(command.name), "{}", command.name);
            assert!(command.summary.ends_with('.'), "{}", command.name);
            assert!(command.brief.len() <= 26, "{}: the list has two columns", command.name);
        }
    }

    #[test]
    fn mistyped_commands_find_the_one_meant() {
        assert_eq!(similar("sl"), Some("ls"));
        assert_eq!(similar("clea"), Some("clear"));
        assert_eq!(similar("uptmie"), Some("uptime"));
        assert_eq!(similar("dir"), Some("ls"));
        assert_eq!(similar("firefox"), None);
    }
}
