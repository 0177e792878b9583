//! The roll through the browser: with errors nothing is taken, without them what was shown.

use sesshu_tests::{City, report};

use crate::desk::Desk;
use crate::stage::play;

const HEADER: &str = "券番号,氏名カナ,生年月日,区分\r\n";

async fn upload(desk: &mut Desk<'_>, city: &City, text: &str) {
    let file = city.files().join("browser-roll.csv");
    std::fs::write(&file, text).expect("a file");
    desk.open("/imports").await;
    desk.type_into("#roll-file", &file.display().to_string()).await;
    desk.tick("form[action='/imports/roll'] input[name=partial]").await;
    desk.press("form[action='/imports/roll'] button").await;
}

#[test]
fn a_roll_with_errors_is_refused_by_line_and_the_mended_one_is_taken() {
    play(async |stage| {
        let mut desk = Desk::of(stage, &stage.city, "import", &stage.city.new_staff("admin")).await;
        let wrong = format!(
            "{HEADER}7100000001,ｶﾜｸﾞﾁ ﾄﾐｺ,S10.2.30,\r\n7100000002,カワグチ　トメゾウ,昭和12年3月4日,\r\n71x,カワグチ　ナミ,S14.5.6,\r\n"
        );
        upload(&mut desk, &stage.city, &wrong).await;
        desk.says(&["誤り（2件）", "何も取り込んでいません"]).await;
        assert!(!desk.has("form[action='/imports/confirm']").await, "there is nothing to confirm");
        desk.stop("errors").await;
        let mended = wrong.replace("2.30", "2.28").replace("71x", "7100000003");
        upload(&mut desk, &stage.city, &mended).await;
        desk.stop("difference").await;
        desk.fill("#count", "2").await;
        desk.press("form[action='/imports/confirm'] button").await;
        desk.says(&["同じ数を入力してください"]).await;
        desk.stop("other-count").await;
        desk.fill("#count", "3").await;
        desk.press("form[action='/imports/confirm'] button").await;
        desk.says(&["名簿を取り込みました"]).await;
        upload(&mut desk, &stage.city, &mended).await;
        desk.says(&["取り込むものはありません"]).await;
        desk.press("form[action='/imports/drop'] button").await;
        let found = stage.city.command(["resident", "report", "7100000001"]).run().done();
        found.says(&["カワグチ　トミコ"]);
        report("import in the browser: 2 wrong lines named, nothing taken; mended, 3 people taken once");
        desk.end();
    });
}
