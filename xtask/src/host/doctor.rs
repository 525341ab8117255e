//! What `make doctor` adds to scripts/setup.sh's list: the choices that depend on this machine.

use super::{accelerator, display};
use crate::build::limine;
use crate::error::Result;
use crate::project::Project;

/// Prints which accelerator, which display and which boot loader this machine gets, and why.
pub fn report(project: &Project) -> Result {
    println!("  accelerator  {}", accelerator::choose().reason);
    println!("  display      {}", display::choose().arguments.join(" "));
    println!("  limine       {}", limine::describe(project));
    Ok(())
}
