//! The list of commands, and what one is.

use serde::{Serialize, de::DeserializeOwned};

use crate::*;

/// A question the window or the terminal may ask, named by its argument type.
pub trait Command: Serialize + DeserializeOwned + Send + 'static {
    /// `subject.verb`, as it crosses the wire.
    const NAME: &'static str;
    /// How the reply is written.
    const ENCODING: Encoding;
    /// What comes back when it succeeds.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
}

/// How a reply is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON text, UTF-8.
    Json,
    /// [postcard](https://docs.rs/postcard) bytes, for what is pulled while a person scrolls.
    Postcard,
}

impl Encoding {
    /// Writes a reply.
    ///
    /// # Errors
    /// [`Code::Internal`] when the value cannot be written, which no reply type of this crate causes.
    pub fn write<T: Serialize>(self, value: &T) -> Result<Vec<u8>, ApiError> {
        match self {
            Encoding::Json => serde_json::to_vec(value).map_err(|e| unreadable("write", &e)),
            Encoding::Postcard => postcard::to_stdvec(value).map_err(|e| unreadable("write", &e)),
        }
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// [`Code::Internal`] when the bytes are not a `T`.
    pub fn read<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, ApiError> {
        match self {
            Encoding::Json => serde_json::from_slice(bytes).map_err(|e| unreadable("read", &e)),
            Encoding::Postcard => postcard::from_bytes(bytes).map_err(|e| unreadable("read", &e)),
        }
    }
}

fn unreadable(verb: &str, error: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(Code::Internal, format!("could not {verb} a reply: {error}"))
}

/// A line of [`COMMANDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// `subject.verb`.
    pub name: &'static str,
    /// How its reply is written.
    pub encoding: Encoding,
    /// What it does, for the reference page.
    pub about: &'static str,
}

/// The declared command of that name.
pub fn command(name: &str) -> Option<&'static Declared> {
    COMMANDS.iter().find(|c| c.name == name)
}

/// Declares the commands once: the trait implementations, the list, and the macro that hands the
/// list to the application's router.
macro_rules! commands {
    ($($name:literal $args:ident -> $reply:ty, $encoding:ident, $about:literal;)+) => {
        $(impl Command for $args {
            const NAME: &'static str = $name;
            const ENCODING: Encoding = Encoding::$encoding;
            type Reply = $reply;
        })+

        /// Every command there is, in the order of the reference page.
        pub const COMMANDS: &[Declared] = &[
            $(Declared { name: $name, encoding: Encoding::$encoding, about: $about },)+
        ];

        /// Calls `$callback!` with the argument types of all commands, comma-separated.
        #[macro_export]
        macro_rules! for_each_command {
            ($callback:ident) => { $callback! { $($args),+ } };
        }
    };
}

commands! {
    "app.state" ReadApp -> AppView, Json, "what the window shows at start: open workspace, recent ones, models, appearance";
    "app.theme" SetTheme -> AppView, Json, "choose light, dark or the system's appearance";

    "workspace.choose" ChooseFolder -> Option<String>, Json, "ask the person for a folder";
    "workspace.open" OpenWorkspace -> WorkspaceView, Json, "open a prompts repository";
    "workspace.create" CreateWorkspace -> WorkspaceView, Json, "make a repository from a template and open it";
    "workspace.read" ReadWorkspace -> WorkspaceView, Json, "the open workspace, read again from disk";
    "workspace.trust" SetTrust -> WorkspaceView, Json, "trust the open repository, or stop to";
    "workspace.close" CloseWorkspace -> AppView, Json, "back to the welcome view";

    "prompt.read" ReadPrompt -> PromptView, Json, "the files of one prompt, with drafts that were never saved";
    "prompt.check" CheckPrompts -> CheckView, Json, "problems of the named prompts, or of all";
    "prompt.render" RenderPrompt -> RenderView, Json, "the exact messages of one variant for one case";
    "file.save" SaveFile -> SaveOutcome, Json, "write one file of the workspace, if it is still the one that was read";
    "draft.drop" DropDraft -> (), Json, "forget the draft of one file";
    "draft.keep" KeepDraft -> (), Json, "keep what is typed until it is on disk";
    "problem.fix" FixProblems -> FixView, Json, "apply the safe fixes of the named prompts, or of all";
    "rows.near" FindNearRows -> Vec<NearRows>, Json, "rows that mean nearly the same, by embedding";

    "prompt.create" CreatePrompt -> Edited, Json, "make a prompt with one variant";
    "prompt.duplicate" DuplicatePrompt -> Edited, Json, "copy a prompt";
    "prompt.rename" RenamePrompt -> Edited, Json, "rename a prompt";
    "prompt.delete" DeletePrompt -> Edited, Json, "take a prompt away";
    "prompt.convert" ConvertPrompt -> Edited, Json, "give a lone file a folder with a manifest";
    "variant.add" AddVariant -> Edited, Json, "add a variant, new or as a copy of another";
    "variant.rename" RenameVariant -> Edited, Json, "rename a variant and its file";
    "variant.delete" DeleteVariant -> Edited, Json, "take a variant away";
    "edit.undo" UndoEdit -> Edited, Json, "take an edit back";

    "file.choose" ChooseFile -> Option<String>, Json, "ask the person for a file to import";
    "formats.list" ListFormats -> Vec<FormatView>, Json, "the formats that can be read and written";
    "import.read" ReadImport -> ImportView, Json, "read another format and report; writes nothing";
    "import.write" WriteImport -> ImportView, Json, "read another format and write what is kept";
    "export.write" ExportPrompt -> ExportView, Json, "write a prompt in another format";

    "run.plan" PlanRun -> PlanView, Json, "exact cells, tokens and hosts of a run; sends nothing";
    "run.start" StartRun -> RunStarted, Json, "start a run in the background";
    "run.resume" ResumeRun -> RunStarted, Json, "send what is missing of a run";
    "run.cancel" CancelRun -> (), Json, "stop a run; what is done stays";
    "lane.retry" RetryLane -> RunStarted, Json, "let a paused model of a run go on";
    "run.merge" MergeRuns -> RunView, Json, "join the shards of a matrix into one run";
    "run.save" SaveRun -> (), Json, "write a run to a file, for another machine to merge";
    "run.list" ListRuns -> Vec<RunSummary>, Json, "the runs of the open workspace, newest first";
    "run.read" ReadRun -> RunView, Json, "columns, rows and means of one run";
    "cells.page" ReadCells -> CellPage, Postcard, "a window of cells";
    "cell.read" ReadCell -> CellView, Json, "everything about one cell";
    "cell.watch" WatchCell -> (), Json, "stream the text of one running cell as notices";

    "judge.add" AddJudge -> Edited, Json, "copy a built-in judge prompt into the repository";
    "judge.list" ListJudges -> Vec<JudgeLine>, Json, "the scorers of a prompt that ask a model, and whether they are calibrated";
    "judge.next" NextToLabel -> LabelTask, Json, "an output to label, blind and in random order";
    "judge.label" SetLabel -> (), Json, "label an output, or take the label back";
    "judge.take" TakeLabels -> LabelsTaken, Json, "take labels that were given elsewhere";
    "judge.read" ReadJudgement -> JudgementView, Json, "what each model of a judge was asked about a cell, and what it said";
    "judge.show" ShowJudge -> JudgeView, Json, "how people agree, and how a judge does against them";

    "consent.list" ListConsents -> ConsentsView, Json, "the programs among the scorers of the open repository, and which may run";
    "consent.give" GiveConsent -> ConsentsView, Json, "allow a program of the open repository to run, by the hash of its text";
    "consent.take" TakeConsent -> ConsentsView, Json, "take the consent to a program back";

    "compare.side" ResolveSide -> SideFound, Json, "what a name means: a run, a part of one, or a revision";
    "compare.plan" PlanRevisions -> RevisionsPlan, Json, "what running what is missing of two revisions would do; sends nothing";
    "compare.revision" StartRevision -> RevisionRun, Json, "run the prompts of a revision with the cases and scorers of another";
    "compare.read" ReadComparison -> ComparisonView, Json, "the verdict between two runs, or two columns of one";
    "compare.cases" ReadComparedCases -> ComparedCasePage, Postcard, "a page of compared cases, broken ones first";
    "compare.trend" ReadTrend -> Vec<TrendPoint>, Json, "how the columns of a prompt did in the latest runs, oldest first";

    "rating.set" SetRating -> Rated, Json, "rate a cell's output: pass or fail, a grade, a comment";
    "rating.clear" ClearRating -> Rated, Json, "take back what one said of a cell's output";
    "rating.list" ListRatings -> RatingPage, Postcard, "what is said of a run's cells";
    "rating.next" NextOutput -> OutputTurn, Json, "the next output to rate, without the names of what gave it";
    "rating.pair" NextPair -> PairTurn, Json, "the next two outputs to choose from, on random sides";
    "rating.prefer" PreferOutput -> (), Json, "say which of two outputs is better, or take it back";
    "rating.summary" SummarizeRatings -> RatingSummary, Json, "what the ratings of a run come to: passes, agreement, preference";
    "rating.share" ShareRatings -> SharedRatings, Json, "sign the ratings of this machine that were not shared yet";
    "rater.read" ReadRater -> RaterView, Json, "who rates";
    "rater.set" SetRater -> RaterView, Json, "change who rates, and whether ratings are shared by themselves";

    "models.list" ListModels -> ModelsView, Json, "the embedded model, the providers the user added, and what can be added";
    "models.add" AddProvider -> ModelsView, Json, "add or replace a provider";
    "models.remove" RemoveProvider -> ModelsView, Json, "remove a provider";
    "models.install" InstallModels -> ModelsView, Json, "put the embedded models' files in place, from a folder that has them";
    "models.test" TestProvider -> ProviderTest, Json, "ask a provider which models it has";
    "key.list" ListKeys -> KeysView, Json, "whose keys are kept, and where; never a key";
    "key.set" SetKey -> ModelsView, Json, "keep the key that the person has copied or types";
    "key.remove" RemoveKey -> ModelsView, Json, "remove a key from every place that keeps it";
    "key.unlock" UnlockKeys -> ModelsView, Json, "unlock the encrypted key file";
    "key.file" CreateKeyFile -> ModelsView, Json, "make an encrypted key file";
    "price.list" ListPrices -> PricesView, Json, "what models cost: the user's own prices and those that come with Assay";
    "price.set" SetPrice -> PricesView, Json, "set a price of the user's own";
    "price.remove" RemovePrice -> PricesView, Json, "remove a price of the user's own";
    "machine.read" ReadMachine -> MachineView, Json, "what this machine has of what is needed; sends nothing";
    "network.loopback" SetLoopbackOnly -> ModelsView, Json, "contact nothing but this machine, or whatever is asked for";
    "network.ledger" ReadLedger -> Vec<LedgerView>, Json, "every host contacted since start, and those that were refused";

    "git.changes" ReadChanges -> ChangesView, Json, "what changed since the last commit, in words of prompts";
    "git.diff" ReadDiff -> DiffView, Json, "one file against the last commit, word by word";
    "git.difference" ReadDifference -> DifferenceView, Json, "what differs between two revisions, in words of prompts and of text";
    "git.rendered" ReadRendered -> RenderedView, Json, "what differs between the messages that two revisions would send";
    "git.commit" Commit -> CommitView, Json, "commit the chosen files";
    "git.log" ReadLog -> Vec<CommitView>, Json, "the latest commits";
    "git.branches" ReadBranches -> BranchesView, Json, "branches, tags, remotes, and what an undo would take back";
    "git.branch" EditBranch -> BranchesView, Json, "make, rename or delete a branch";
    "git.tag" EditTag -> BranchesView, Json, "make or delete a tag";
    "git.switch" SwitchBranch -> SwitchView, Json, "go to a branch; changes go along or stay with theirs";
    "git.merge" MergeBranch -> MergeView, Json, "merge a revision; conflicts come back as files, and nothing is changed";
    "git.sync" SyncBranch -> SyncView, Json, "fetch, merge and send the branch that is checked out";
    "git.clone" CloneWorkspace -> WorkspaceView, Json, "clone a repository and open it";
    "git.stop" StopGit -> (), Json, "stop the git command that is running";
    "git.history" ReadHistory -> HistoryView, Json, "the commits that touched a prompt, file or folder";
    "git.row" ReadRowHistory -> Vec<RowVersionView>, Json, "the versions of one example or case";
    "git.blame" ReadBlame -> BlameView, Json, "who last changed each row or line of a file";
    "git.undo" UndoGit -> UndoneView, Json, "take the last git command back";
    "git.undos" ReadUndos -> Vec<UndoView>, Json, "the git commands that can be taken back";

    "proposal.list" ListProposals -> ProposalsView, Json, "the proposals of the open repository, who signs here, and the rules";
    "proposal.read" ReadProposal -> ProposalDetailView, Json, "everything about a proposal: difference, conversations, verdict and gate";
    "proposal.show" ShowProposal -> ProposalDetailView, Json, "everything about a proposal, remembered as shown";
    "proposal.shown" ReadShown -> Option<String>, Json, "the digest of what was shown of a proposal last";
    "proposal.make" Propose -> ProposalView, Json, "propose what a branch has, signed";
    "proposal.review" Review -> ProposalDetailView, Json, "approve, ask for changes or comment, signed";
    "proposal.merge" MergeProposal -> ProposalMergedView, Json, "merge a proposal whose gate is open, with what opened it";
    "statement.revoke" Revoke -> ProposalsView, Json, "take back what one signed";
    "run.attest" Attest -> AttestedView, Json, "sign what a run showed";
    "evidence.list" ListEvidence -> Vec<EvidenceLine>, Json, "what signed runs showed, also those of others, newest first";
    "gate.verify" Verify -> ReviewGateView, Json, "whether a commit may go into another, and why not";
    "signer.read" ReadSigner -> SignerChoiceView, Json, "who signs here, and which keys could";
    "signer.set" SetSigner -> SignerChoiceView, Json, "choose the key that signs here";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_name_of_its_own() {
        let mut names: Vec<_> = COMMANDS.iter().map(|c| c.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "two commands share a name, so one can never be called");
    }

    #[test]
    fn every_command_is_subject_dot_verb() {
        for Declared { name, about, .. } in COMMANDS {
            let parts: Vec<_> = name.split('.').collect();
            assert_eq!(parts.len(), 2, "{name} is not `subject.verb`");
            assert!(!about.is_empty(), "{name} says nothing about itself");
        }
    }

    #[test]
    fn a_page_of_cells_survives_the_trip() {
        let page = CellPage { run: "r".into(), from: 3, cells: vec![CellLine::queued(3, 1, 1)] };
        let bytes = Encoding::Postcard.write(&page).expect("writes");
        assert_eq!(Encoding::Postcard.read::<CellPage>(&bytes).expect("reads"), page);
    }

    #[test]
    fn bytes_that_are_no_reply_are_an_error() {
        let error = Encoding::Json.read::<CellPage>(b"[]").expect_err("not a page");
        assert_eq!(error.code, Code::Internal);
    }
}
