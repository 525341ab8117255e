//! All processes, and how they begin and end. Every operation keeps [`ProcessTable::check`]'s promises.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::record::Process;
use crate::{ExitStatus, ProcessId, ProcessInfo, ProcessState, ThreadId};

/// What the kernel has to do after an operation, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Call the thread out of its sleep if that may be interrupted, now or when it next begins one: its
    /// process is ending, and it must end itself.
    Interrupt(ThreadId),
    /// What waits for this process's children has to look again.
    ChildrenChanged(ProcessId),
}

/// Why an operation was refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessError {
    /// No such process, or it has been reaped.
    NoSuchProcess,
    /// No such thread, or it has ended.
    NoSuchThread,
    /// The process is ending or a zombie.
    Ending,
    /// Init never ends.
    InitMustLive,
    /// Every number is in use.
    TooMany,
}

/// All processes and their threads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProcessTable {
    pub(crate) processes: BTreeMap<ProcessId, Process>,
    /// Which process each thread belongs to.
    threads: BTreeMap<ThreadId, ProcessId>,
    limit: u32,
}

impl ProcessTable {
    /// Init alone, with one thread, numbered 1 like it. At most `limit` processes, and as many threads again
    /// for each number, can exist at a time.
    pub fn new(limit: u32) -> Self {
        let first = ThreadId(1);
        Self {
            processes: BTreeMap::from([(ProcessId::INIT, Process::new(ProcessId::INIT, first))]),
            threads: BTreeMap::from([(first, ProcessId::INIT)]),
            limit,
        }
    }

    /// Makes a child of `parent` with one thread.
    pub fn spawn(&mut self, parent: ProcessId) -> Result<(ProcessId, ThreadId), ProcessError> {
        self.alive(parent)?;
        let id = lowest_free(self.limit, |id| self.processes.contains_key(&ProcessId(id)))?;
        let (id, thread) = (ProcessId(id), self.free_thread()?);
        self.processes.insert(id, Process::new(parent, thread));
        self.threads.insert(thread, id);
        if let Some(parent) = self.processes.get_mut(&parent) {
            parent.children.insert(id);
        }
        Ok((id, thread))
    }

    /// Makes another thread of `process`.
    pub fn spawn_thread(&mut self, process: ProcessId) -> Result<ThreadId, ProcessError> {
        let thread = self.free_thread()?;
        self.alive(process)?.threads.insert(thread);
        self.threads.insert(thread, process);
        Ok(thread)
    }

    /// The running thread ends. The last one takes its process with it, which then has this status unless the
    /// process was told another.
    ///
    /// # Errors
    /// [`ProcessError::InitMustLive`] for init's last thread.
    pub fn exit_thread(&mut self, thread: ThreadId, status: ExitStatus) -> Result<Vec<Effect>, ProcessError> {
        let id = self.process_of(thread).ok_or(ProcessError::NoSuchThread)?;
        let process = self.processes.get_mut(&id).ok_or(ProcessError::NoSuchProcess)?;
        let last = process.threads.len() == 1;
        if last && id == ProcessId::INIT {
            return Err(ProcessError::InitMustLive);
        }
        process.threads.remove(&thread);
        self.threads.remove(&thread);
        if !last {
            return Ok(Vec::new());
        }
        process.state = ProcessState::Zombie(process.ending().unwrap_or(status));
        let parent = process.parent;
        let orphans = core::mem::take(&mut process.children);
        let mut effects = Vec::from([Effect::ChildrenChanged(parent)]);
        if !orphans.is_empty() {
            for orphan in &orphans {
                if let Some(orphan) = self.processes.get_mut(orphan) {
                    orphan.parent = ProcessId::INIT;
                }
            }
            if let Some(init) = self.processes.get_mut(&ProcessId::INIT) {
                init.children.extend(orphans);
            }
            // Zombies among them are init's to reap now.
            if parent != ProcessId::INIT {
                effects.push(Effect::ChildrenChanged(ProcessId::INIT));
            }
        }
        Ok(effects)
    }

    /// The whole process is to end with `status`: because a thread of it said so (`exit`), or because it was
    /// cancelled. Its threads are interrupted and end themselves; the first status stands.
    pub fn end(&mut self, process: ProcessId, status: ExitStatus) -> Result<Vec<Effect>, ProcessError> {
        if process == ProcessId::INIT {
            return Err(ProcessError::InitMustLive);
        }
        let process = self.processes.get_mut(&process).ok_or(ProcessError::NoSuchProcess)?;
        match &mut process.state {
            ProcessState::Alive { ending: ending @ None } => {
                *ending = Some(status);
                Ok(process.threads.iter().copied().map(Effect::Interrupt).collect())
            }
            // Told before: its threads know.
            ProcessState::Alive { ending: Some(_) } | ProcessState::Zombie(_) => Ok(Vec::new()),
        }
    }

    /// Whether the thread's process was told to end: the thread must end itself instead of sleeping.
    pub fn must_end(&self, thread: ThreadId) -> bool {
        self.process_of(thread).and_then(|id| self.processes.get(&id)).is_none_or(|p| p.ending().is_some())
    }

    /// The process of a thread that has not ended.
    pub fn process_of(&self, thread: ThreadId) -> Option<ProcessId> {
        self.threads.get(&thread).copied()
    }

    /// One process.
    pub fn get(&self, id: ProcessId) -> Option<ProcessInfo> {
        let process = self.processes.get(&id)?;
        Some(ProcessInfo { id, parent: process.parent, state: process.state, threads: process.threads.len() })
    }

    /// All processes, by number.
    pub fn list(&self) -> impl Iterator<Item = ProcessInfo> + '_ {
        self.processes.keys().filter_map(|&id| self.get(id))
    }

    /// Threads of a process, by number.
    pub fn threads(&self, process: ProcessId) -> impl Iterator<Item = ThreadId> + '_ {
        self.processes.get(&process).into_iter().flat_map(|process| process.threads.iter().copied())
    }

    /// Says which promise is broken, if one is: for tests, and for the kernel's self-test.
    ///
    /// - Init is alive and its own parent.
    /// - Every other process is a child of exactly the one it calls its parent, and that one is alive.
    /// - A process has threads exactly while it is alive; a thread belongs to exactly one process.
    /// - A zombie has no children: init has adopted them.
    pub fn check(&self) -> Result<(), &'static str> {
        let init = self.processes.get(&ProcessId::INIT).ok_or("init is gone")?;
        if init.threads.is_empty() || init.parent != ProcessId::INIT {
            return Err("init is not alive");
        }
        let mut threads = 0;
        for (&id, process) in &self.processes {
            let is_alive = matches!(process.state, ProcessState::Alive { .. });
            if is_alive == process.threads.is_empty() {
                return Err("a zombie has threads, or an alive process none");
            }
            if !is_alive && !process.children.is_empty() {
                return Err("a zombie has children");
            }
            threads += process.threads.len();
            if process.threads.iter().any(|&thread| self.process_of(thread) != Some(id)) {
                return Err("a thread belongs to two processes");
            }
            if process.children.iter().any(|child| self.processes.get(child).is_none_or(|c| c.parent != id)) {
                return Err("a child does not know its parent");
            }
            if id != ProcessId::INIT {
                let parent = self.processes.get(&process.parent).ok_or("a parent is gone")?;
                if !parent.children.contains(&id) {
                    return Err("a parent does not know its child");
                }
                if parent.threads.is_empty() {
                    return Err("a parent is a zombie");
                }
            }
        }
        if threads == self.threads.len() { Ok(()) } else { Err("a thread belongs to no process") }
    }

    fn alive(&mut self, id: ProcessId) -> Result<&mut Process, ProcessError> {
        let process = self.processes.get_mut(&id).ok_or(ProcessError::NoSuchProcess)?;
        if process.ending().is_some() { Err(ProcessError::Ending) } else { Ok(process) }
    }

    fn free_thread(&self) -> Result<ThreadId, ProcessError> {
        let limit = self.limit.saturating_mul(2);
        lowest_free(limit, |id| self.threads.contains_key(&ThreadId(id))).map(ThreadId)
    }
}

/// The lowest number from 1 that is not used.
fn lowest_free(limit: u32, is_used: impl Fn(u32) -> bool) -> Result<u32, ProcessError> {
    (1..=limit).find(|&id| !is_used(id)).ok_or(ProcessError::TooMany)
}
