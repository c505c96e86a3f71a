//! Git's objects, which lie compressed, loose or as differences in packs.

use std::path::Path;

use git2::Odb;

use super::{Finding, search};

/// Findings in the objects below a folder `objects`. The repository around it is not opened, because some tests give it
/// a configuration that git refuses.
///
/// An object that git cannot read is passed over: no one gets a key out of it.
pub(super) fn findings(folder: &Path) -> Vec<Finding> {
    match look_through(folder) {
        Ok(findings) => findings,
        Err(error) => {
            let what = format!("cannot be looked through: {error}");
            vec![Finding { place: folder.display().to_string(), what }]
        }
    }
}

fn look_through(folder: &Path) -> Result<Vec<Finding>, git2::Error> {
    let Some(path) = folder.to_str() else {
        return Err(git2::Error::from_str("its path is not UTF-8"));
    };
    let objects = Odb::new()?;
    objects.add_disk_alternate(path)?;
    let mut findings = Vec::new();
    objects.foreach(|id| {
        let found = objects.read(*id).ok().and_then(|object| search::in_bytes(object.data()));
        let place = || format!("git object {id} in {path}");
        findings.extend(found.map(|what| Finding { place: place(), what }));
        true
    })?;
    Ok(findings)
}
