//! Why something about backups does not work, in Japanese first. The crate of backups says it in English, which stays beside: it names
//! files and numbers, and the manual explains it word by word.

/// What stands in an English reason, and what that means. The first that fits counts.
const MEANINGS: &[(&str, &str)] = &[
    ("no room on the disk", "ディスクに空きがありません。空きを作ってください。"),
    ("MiB are needed", "ディスクの空きが足りません。空きを作ってください。"),
    ("No space left", "ディスクに空きがありません。空きを作ってください。"),
    ("is its disk mounted", "置き場所がありません。ディスクがつながっているかを確かめてください。"),
    ("does not answer", "置き場所が応答しません。つなぎ方を確かめてください。"),
    ("Read-only", "置き場所に書き込めません（読み取り専用）。つなぎ方を確かめてください。"),
    ("Permission denied", "置き場所を読み書きする権限がありません。持ち主を確かめてください。"),
    ("Input/output error", "ディスクが読み書きに失敗しました。ディスクの故障を疑ってください。"),
    ("newer version", "新しい版のプログラムで作られたものです。その版で扱ってください。"),
    ("the key that was given", "鍵が違います。設定の identity_file を確かめてください。"),
    ("is encrypted for", "開くための鍵がありません。設定の identity_file を確かめてください。"),
    ("the key file", "鍵のファイルが使えません。"),
    ("another backup runs", "別のバックアップの作業が動いています。終わるのを待ってください。"),
    ("there is no manifest", "説明のファイル（.json）がありません。"),
    ("is not there", "ファイルがありません。"),
    ("ends too early", "途中で切れています。"),
    ("stopped before its end", "終わる前に止められました。"),
    ("could not be restored to check it", "復元して確かめることができませんでした。まだ世代に数えません。"),
    ("the store cannot be read", "データを読めません。"),
    ("was restored and checked", "復元して確かめた世代がまだありません。"),
    ("damaged", "書いたときの内容と違います。"),
    ("not what was written", "書いたときの内容と違います。"),
    ("not those that were written", "書いたときの内容と違います。"),
    ("not sound", "復元したものが正しくありません。"),
    ("ended with", "確かめるためのプログラムが途中で終わりました。"),
];
/// What is meant by everything else.
const OTHERWISE: &str = "うまくいきませんでした。";

/// The reason with what it means before it.
pub(super) fn explained(reason: &str) -> String {
    let meaning = MEANINGS.iter().find(|(words, _)| reason.contains(words)).map_or(OTHERWISE, |(_, meaning)| meaning);
    format!("{meaning}（{reason}）")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_in_japanese_and_keeps_its_words() {
        let reason =
            "there is no room on the disk of /mnt; make room there or configure another folder, then try again";
        assert_eq!(explained(reason), format!("ディスクに空きがありません。空きを作ってください。（{reason}）"));
        assert!(
            explained("its bytes are not those that were written (blake3)").starts_with("書いたときの内容と違います。")
        );
        assert_eq!(explained("?"), "うまくいきませんでした。（?）");
    }
}
