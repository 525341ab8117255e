//! All processes, and how they begin and end. Every operation keeps [`ProcessTable::check`]'s promises, and costs
//! the same however many processes there are.

use crate::lists::{Ends, Links, NOBODY, append, close_gap, follow};
use crate::numbered::{EnterError, Numbered};
use crate::record::{Member, Process};
use crate::{ExitStatus, ProcessId, ProcessInfo, ProcessState, ThreadId};

/// Whoever waits for children of these processes has to look again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct LookAgain {
    processes: [Option<ProcessId>; 2],
}

impl LookAgain {
    /// Nobody.
    pub const NOBODY: Self = Self { processes: [None; 2] };

    pub(crate) const fn of(process: ProcessId) -> Self {
        Self { processes: [Some(process), None] }
    }

    /// The processes; the second is init.
    pub fn both(self) -> [Option<ProcessId>; 2] {
        self.processes
    }

    /// The processes.
    pub fn iter(self) -> impl Iterator<Item = ProcessId> {
        self.processes.into_iter().flatten()
    }
}

/// Why an operation was refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessError {
    /// No such process, or it has been reaped (`ESRCH`).
    NoSuchProcess,
    /// No such thread, or it has ended.
    NoSuchThread,
    /// The thread belongs to a process already.
    ThreadInUse,
    /// The process is ending or a zombie.
    Ending,
    /// Init never ends (`EPERM`).
    InitMustLive,
    /// Every number is in use (`EAGAIN`).
    TooMany,
    /// No memory to keep another one (`ENOMEM`).
    OutOfMemory,
}

impl From<EnterError> for ProcessError {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::NoNumber => Self::TooMany,
            EnterError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

/// All processes and their threads. With each process its user keeps `D`, which comes back when it is reaped.
#[derive(Clone, Debug)]
pub struct ProcessTable<D> {
    pub(crate) processes: Numbered<Process<D>>,
    threads: Numbered<Member>,
}

impl<D> ProcessTable<D> {
    /// Init alone, with one thread. At most `limit` processes, and as many threads as their numbers allow, can
    /// exist at a time.
    pub fn new(limit: u32, thread: ThreadId, data: D) -> Result<Self, ProcessError> {
        let mut processes = Numbered::new(ProcessId::INIT.0..limit.saturating_add(1));
        processes.enter(ProcessId::INIT.0, Process::new(ProcessId::INIT, data))?;
        let mut table = Self { processes, threads: Numbered::new(0..u32::MAX) };
        table.spawn_thread(ProcessId::INIT, thread)?;
        Ok(table)
    }

    /// Makes a child of `parent` with one thread, whose number is free.
    pub fn spawn(&mut self, parent: ProcessId, thread: ThreadId, data: D) -> Result<ProcessId, ProcessError> {
        self.alive(parent)?;
        let id = ProcessId(self.processes.add(Process::new(parent, data))?);
        if let Err(error) = self.join(id, thread) {
            self.processes.remove(id.0);
            return Err(error);
        }
        self.adopt(parent, id);
        Ok(id)
    }

    /// Enters another thread of `process`, under a free number.
    pub fn spawn_thread(&mut self, process: ProcessId, thread: ThreadId) -> Result<(), ProcessError> {
        self.alive(process)?;
        self.join(process, thread)
    }

    /// The thread ends. The last one takes its process with it, which then has this status unless the process was
    /// told another.
    ///
    /// # Errors
    /// [`ProcessError::InitMustLive`] for init's last thread.
    #[inline]
    pub fn exit_thread(&mut self, thread: ThreadId, status: ExitStatus) -> Result<LookAgain, ProcessError> {
        let member = self.threads.get(thread.0).ok_or(ProcessError::NoSuchThread)?;
        let (id, gap) = (member.process, member.siblings);
        let process = self.processes.get_mut(id.0).ok_or(ProcessError::NoSuchProcess)?;
        if process.thread_count > 1 {
            process.threads = close_gap(&mut self.threads, process.threads, gap);
            process.thread_count -= 1;
            self.threads.remove(thread.0);
            return Ok(LookAgain::NOBODY);
        }
        if id == ProcessId::INIT {
            return Err(ProcessError::InitMustLive);
        }
        process.threads = Ends::EMPTY;
        process.thread_count = 0;
        let status = process.ending().unwrap_or(status);
        let (parent, place) = (process.parent, process.siblings);
        process.state = ProcessState::Zombie(status);
        let has_children = process.living.first != NOBODY || process.zombies.first != NOBODY;
        self.threads.remove(thread.0);
        self.become_zombie(parent, id, place);
        let mut look_again = LookAgain::of(parent);
        // Zombies among the orphans are init's to reap now.
        if has_children {
            self.give_to_init(id);
            if parent != ProcessId::INIT {
                look_again.processes[1] = Some(ProcessId::INIT);
            }
        }
        Ok(look_again)
    }

    /// The whole process is to end with `status`: because a thread of it said so (`exit`), or because it was
    /// cancelled. The first status stands; says whether this is the first. Then each of its
    /// [threads](Self::threads) has to be called out of its sleep, now or when it next begins one, and end itself.
    pub fn end(&mut self, process: ProcessId, status: ExitStatus) -> Result<bool, ProcessError> {
        if process == ProcessId::INIT {
            return Err(ProcessError::InitMustLive);
        }
        let process = self.processes.get_mut(process.0).ok_or(ProcessError::NoSuchProcess)?;
        match &mut process.state {
            ProcessState::Alive { ending: ending @ None } => {
                *ending = Some(status);
                Ok(true)
            }
            // Told before: its threads know.
            ProcessState::Alive { ending: Some(_) } | ProcessState::Zombie(_) => Ok(false),
        }
    }

    /// Whether the thread's process was told to end: the thread must end itself instead of sleeping.
    pub fn must_end(&self, thread: ThreadId) -> bool {
        let process = self.process_of(thread).and_then(|id| self.processes.get(id.0));
        process.is_none_or(|process| process.ending().is_some())
    }

    /// The process of a thread that has not ended.
    pub fn process_of(&self, thread: ThreadId) -> Option<ProcessId> {
        self.threads.get(thread.0).map(|member| member.process)
    }

    /// One process.
    pub fn get(&self, id: ProcessId) -> Option<ProcessInfo> {
        self.processes.get(id.0).map(|process| info(id, process))
    }

    /// What its user keeps with a process.
    pub fn data(&self, id: ProcessId) -> Option<&D> {
        self.processes.get(id.0).map(|process| &process.data)
    }

    /// All processes, by number.
    pub fn list(&self) -> impl Iterator<Item = (ProcessInfo, &D)> {
        self.processes.iter().map(|(id, process)| (info(ProcessId(id), process), &process.data))
    }

    /// Threads of a process, in the order they came.
    pub fn threads(&self, process: ProcessId) -> impl Iterator<Item = ThreadId> {
        let first = self.processes.get(process.0).map_or(NOBODY, |process| process.threads.first);
        follow(first, |id| Some(self.threads.get(id)?.siblings.after)).map(ThreadId)
    }

    /// Children that have ended and were not waited for, in the order they ended.
    pub fn zombies(&self, parent: ProcessId) -> impl Iterator<Item = ProcessId> {
        self.siblings(self.processes.get(parent.0).map(|parent| parent.zombies.first))
    }

    /// Children that live, in the order they came.
    pub fn living(&self, parent: ProcessId) -> impl Iterator<Item = ProcessId> {
        self.siblings(self.processes.get(parent.0).map(|parent| parent.living.first))
    }

    /// Begins the search for the next number at the lowest. Numbers that were just freed are given out again then, so
    /// that an exploration does not tell apart what differs in names only.
    pub fn search_from_start(&mut self) {
        self.processes.search_from_start();
    }

    /// Says which promise is broken, if one is: for tests, and for the kernel's self-test.
    ///
    /// - Init is alive and its own parent.
    /// - Every other process is a child of exactly the one it calls its parent, among the living or the zombies as
    ///   it is, and that one is alive.
    /// - A process has threads exactly while it is alive; a thread belongs to exactly one process.
    /// - A zombie has no children: init has adopted them.
    pub fn check(&self) -> Result<(), &'static str> {
        let init = self.processes.get(ProcessId::INIT.0).ok_or("init is gone")?;
        if init.thread_count == 0 || init.parent != ProcessId::INIT {
            return Err("init is not alive");
        }
        let (mut threads, mut children) = (0, 0);
        for (id, process) in self.processes.iter() {
            let id = ProcessId(id);
            if process.is_zombie() != (process.thread_count == 0) {
                return Err("a zombie has threads, or an alive process none");
            }
            if self.threads(id).count() != process.thread_count {
                return Err("threads are miscounted");
            }
            if self.threads(id).any(|thread| self.process_of(thread) != Some(id)) {
                return Err("a thread belongs to two processes");
            }
            threads += process.thread_count;
            let is_good = |child: ProcessId, zombie| {
                self.processes
                    .get(child.0)
                    .is_some_and(|child| child.parent == id && child.is_zombie() == zombie)
            };
            if !self.zombies(id).all(|child| is_good(child, true))
                || !self.living(id).all(|child| is_good(child, false))
            {
                return Err("a child does not know its parent, or is in the wrong list");
            }
            let own_children = self.zombies(id).count() + self.living(id).count();
            if process.is_zombie() && own_children > 0 {
                return Err("a zombie has children");
            }
            children += own_children;
            if id != ProcessId::INIT && self.processes.get(process.parent.0).is_none_or(Process::is_zombie) {
                return Err("a parent is gone or a zombie");
            }
        }
        if children + 1 != self.processes.iter().count() {
            return Err("a parent does not know its child");
        }
        if threads == self.threads.iter().count() { Ok(()) } else { Err("a thread belongs to no process") }
    }

    fn alive(&self, id: ProcessId) -> Result<(), ProcessError> {
        let process = self.processes.get(id.0).ok_or(ProcessError::NoSuchProcess)?;
        if process.ending().is_some() { Err(ProcessError::Ending) } else { Ok(()) }
    }

    /// Makes a new thread one of `process`.
    fn join(&mut self, process: ProcessId, thread: ThreadId) -> Result<(), ProcessError> {
        if self.threads.get(thread.0).is_some() {
            return Err(ProcessError::ThreadInUse);
        }
        self.threads.enter(thread.0, Member { process, siblings: Links::NONE })?;
        if let Some(process) = self.processes.get_mut(process.0) {
            process.threads = append(&mut self.threads, process.threads, thread.0);
            process.thread_count += 1;
        }
        Ok(())
    }

    /// Makes `child`, which stands in no list, a child of `parent`, at the end of the list that its state asks for.
    fn adopt(&mut self, parent: ProcessId, child: ProcessId) {
        let Some(record) = self.processes.get_mut(child.0) else { return };
        record.parent = parent;
        let is_zombie = record.is_zombie();
        let Some(ends) = self.processes.get_mut(parent.0).map(|parent| *parent.children(is_zombie)) else {
            return;
        };
        let ends = append(&mut self.processes, ends, child.0);
        if let Some(parent) = self.processes.get_mut(parent.0) {
            *parent.children(is_zombie) = ends;
        }
    }

    /// Moves `child`, which stood at `place` among the living, to the end of its parent's zombies.
    #[inline]
    fn become_zombie(&mut self, parent: ProcessId, child: ProcessId, place: Links) {
        let Some(record) = self.processes.get(parent.0) else { return };
        let (living, zombies) = (record.living, record.zombies);
        let living = close_gap(&mut self.processes, living, place);
        let zombies = append(&mut self.processes, zombies, child.0);
        if let Some(record) = self.processes.get_mut(parent.0) {
            (record.living, record.zombies) = (living, zombies);
        }
    }

    /// Forgets `child`, which stood at `place` among its parent's zombies.
    #[inline]
    pub(crate) fn forget(&mut self, parent: ProcessId, child: ProcessId, place: Links) -> Option<D> {
        let zombies = self.processes.get(parent.0)?.zombies;
        let zombies = close_gap(&mut self.processes, zombies, place);
        self.processes.get_mut(parent.0)?.zombies = zombies;
        self.processes.remove(child.0).map(|process| process.data)
    }

    /// Has init adopt all children of `id`. Each process is adopted once at most, since init does not end: what this
    /// costs is paid by the spawning of each.
    #[cold]
    fn give_to_init(&mut self, id: ProcessId) {
        let Some(process) = self.processes.get_mut(id.0) else { return };
        let lists = [process.zombies.first, process.living.first];
        (process.zombies, process.living) = (Ends::EMPTY, Ends::EMPTY);
        for first in lists {
            let mut next = first;
            while let Some(orphan) = self.processes.get(next) {
                let (id, after) = (ProcessId(next), orphan.siblings.after);
                self.adopt(ProcessId::INIT, id);
                next = after;
            }
        }
    }

    fn siblings(&self, first: Option<u32>) -> impl Iterator<Item = ProcessId> {
        follow(first.unwrap_or(NOBODY), |id| Some(self.processes.get(id)?.siblings.after)).map(ProcessId)
    }
}

fn info<D>(id: ProcessId, process: &Process<D>) -> ProcessInfo {
    ProcessInfo { id, parent: process.parent, state: process.state, threads: process.thread_count }
}
