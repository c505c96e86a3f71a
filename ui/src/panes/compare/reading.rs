//! Reading the outputs of one case: a cell of either side, and of one more column where one is looked at.

use assay_wire::{
    ApiError, CellView, ComparedCaseLine, ReadCell, ReadComparedCases, ReadComparison, SideRef,
};

use super::board::CASES;
use crate::ipc;

/// The outputs of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// The base's.
    pub base: CellView,
    /// The head's.
    pub head: CellView,
    /// Those of one more column.
    pub third: Option<CellView>,
}

/// Base and head.
pub type Sides = (SideRef, SideRef);

/// The first sample of both sides, and of one more column where that has the case.
pub async fn read_outputs(
    case: &ComparedCaseLine,
    (base, head): Sides,
    third: Option<SideRef>,
) -> Option<Result<Outputs, ApiError>> {
    let cell = |run: &str, cells: &[u32]| {
        let cell = cells.first().copied()?;
        Some(ReadCell { run: run.to_owned(), cell })
    };
    let (ours, theirs) = (cell(&base.run, &case.base_cells)?, cell(&head.run, &case.head_cells)?);
    let read = async {
        let (ours, theirs) = (ipc::call(ours).await?, ipc::call(theirs).await?);
        let third = match third {
            Some(third) => read_third(case, base, third).await?,
            None => None,
        };
        Ok::<Outputs, ApiError>(Outputs { base: ours, head: theirs, third })
    };
    Some(read.await)
}

/// The third column has its cell for the case in a comparison of its own.
async fn read_third(
    case: &ComparedCaseLine,
    base: SideRef,
    third: SideRef,
) -> Result<Option<CellView>, ApiError> {
    let run = third.run.clone();
    let of = ReadComparison { base, head: third, prompts: Vec::new() };
    let page = ipc::call(ReadComparedCases { of, pair: 0, verdict: 0, from: 0, to: CASES }).await?;
    let cell = page.cases.iter().find(|line| line.case == case.case);
    match cell.and_then(|line| line.head_cells.first().copied()) {
        Some(cell) => ipc::call(ReadCell { run, cell }).await.map(Some),
        None => Ok(None),
    }
}
