//! Tasks of the executor.

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// For something that wakes it.
    Waiting,
    /// For its turn.
    Queued,
    /// Being polled.
    Running,
    /// Over; somebody may still wake it, for nothing.
    Finished,
}

impl TaskState {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
        }
    }
}

/// A task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskReport {
    /// Unique since boot.
    pub id: u64,
    /// Not unique.
    pub name: &'static str,
    /// What it is doing.
    pub state: TaskState,
    /// Turns it has had.
    pub polls: u64,
}
