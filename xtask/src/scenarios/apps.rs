//! Files and the Text Editor, used with the keyboard; what they did is looked at from outside.

use gfx::Font;

use super::Scenario;
use super::stage::Stage;
use crate::build::disk;
use crate::error::{Result, fail};
use crate::machine::Machine;

pub const SCENARIOS: &[Scenario] = &[
    ("app_files_makes_copies_renames_deletes_and_undoes", files),
    ("app_editor_saves_what_was_typed", editor),
    ("app_with_unsaved_changes_keeps_the_machine_on", guard),
];

const LIST: &str = "notes/shopping.txt";

/// Types a name in the list of Files, which selects it, and waits until the status bar says that one thing is.
fn select(machine: &mut Machine, name: &str) -> Result {
    // What was typed before is forgotten after a second.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    machine.type_text(name)?;
    machine.settle()?;
    Ok(())
}

fn files(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let original = disk::read_bytes(&image, LIST)?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    machine.enter("files /disk")?;
    machine.wait_for_text("disk \u{2013} Files", Font::UiBold)?;
    machine.press(&["ctrl", "shift", "n"])?;
    machine.wait_for_text("New folder", Font::Heading)?;
    machine.type_text("made")?;
    machine.settle()?;
    machine.press(&["ret"])?;
    machine.wait_for_text("made", Font::Ui)?;
    // Copy the list into it.
    select(&mut machine, "notes")?;
    machine.press(&["ret"])?;
    machine.wait_for_text("notes \u{2013} Files", Font::UiBold)?;
    select(&mut machine, "shop")?;
    machine.press(&["ctrl", "c"])?;
    machine.wait_for_text("1 item copied. Paste with Ctrl+V.", Font::Small)?;
    machine.press(&["alt", "up"])?;
    machine.wait_for_text("disk \u{2013} Files", Font::UiBold)?;
    select(&mut machine, "made")?;
    machine.press(&["ret"])?;
    machine.wait_for_text("made \u{2013} Files", Font::UiBold)?;
    machine.press(&["ctrl", "v"])?;
    machine.wait_for_text("1 item copied.", Font::Small)?;
    // Another name, before the extension.
    machine.press(&["f2"])?;
    machine.settle()?;
    machine.type_text("bought")?;
    machine.settle()?;
    machine.press(&["ret"])?;
    machine.wait_for_text("bought.txt", Font::Ui)?;
    // Into the trash; then the original's folder, too, and that one back.
    machine.press(&["delete"])?;
    machine.wait_for_text("This folder is empty.", Font::Ui)?;
    machine.press(&["alt", "up"])?;
    machine.wait_for_text("disk \u{2013} Files", Font::UiBold)?;
    select(&mut machine, "notes")?;
    machine.press(&["delete"])?;
    machine.wait_for_text("1 item put into the trash. Ctrl+Z brings back.", Font::Small)?;
    machine.press(&["ctrl", "z"])?;
    machine.wait_for_text("1 item put back.", Font::Small)?;
    machine.press(&["alt", "f4"])?;
    machine.settle()?;
    stage.power_off(machine, Some(&image))?;
    for (name, wanted) in
        [(LIST, Some(&original)), (".Trash/files/bought.txt", Some(&original)), ("made/bought.txt", None)]
    {
        let found = disk::read_bytes(&image, name).ok();
        if found.as_ref() != wanted {
            fail!("{name} is not what it should be: {found:?}");
        }
    }
    let info = disk::read(&image, ".Trash/info/bought.txt")?;
    if info.starts_with("path=/disk/made/bought.txt\n") {
        Ok(())
    } else {
        fail!("the trash remembers {info:?}")
    }
}

/// Opens the shopping list in the editor.
fn open_list(machine: &mut Machine) -> Result {
    machine.enter("edit /disk/notes/shopping.txt")?;
    machine.wait_for_text("shopping.txt \u{2013} Text Editor", Font::UiBold)?;
    machine.settle()?;
    Ok(())
}

fn editor(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let original = disk::read(&image, LIST)?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    open_list(&mut machine)?;
    machine.type_text("quicklime, one bag")?;
    machine.settle()?;
    machine.press(&["ret"])?;
    machine.wait_for_text("quicklime, one bag", Font::Mono)?;
    machine.press(&["ctrl", "s"])?;
    machine.wait_for_text("Saved to /disk/notes/shopping.txt.", Font::Small)?;
    machine.press(&["alt", "f4"])?;
    machine.settle()?;
    stage.power_off(machine, Some(&image))?;
    let wanted = format!("quicklime, one bag\n{original}");
    let found = disk::read(&image, LIST)?;
    if found == wanted { Ok(()) } else { fail!("the file holds {found:?}, not {wanted:?}") }
}

fn guard(stage: &Stage) -> Result {
    let image = stage.disk()?;
    let original = disk::read(&image, LIST)?;
    let mut machine = stage.boot(stage.hardware(Some(image.clone())))?;
    open_list(&mut machine)?;
    machine.type_text("x")?;
    machine.wait_for_text("/disk/notes/shopping.txt (changed)", Font::Small)?;
    machine.press(&["alt", "f4"])?;
    machine.wait_for_text("Save the changes?", Font::Heading)?;
    machine.press(&["esc"])?;
    machine.wait_for_text("/disk/notes/shopping.txt (changed)", Font::Small)?;
    // Nor does the machine go down over it.
    machine.press(&["ctrl", "alt", "delete"])?;
    machine.wait_for_text("Leave Quicklime?", Font::Heading)?;
    machine.press(&["ret"])?;
    machine.wait_for_text("Save the changes?", Font::Heading)?;
    // Save, which closes the window.
    machine.press(&["ret"])?;
    machine.settle()?;
    stage.power_off(machine, Some(&image))?;
    let found = disk::read(&image, LIST)?;
    if found == format!("x{original}") { Ok(()) } else { fail!("the file holds {found:?}") }
}
