//! `backup keygen`: a key for encrypted backups.

use std::path::Path;

use serde_json::json;
use sesshu_backup::keys::Identity;

use super::super::print;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::terminal::japanese;

/// Writes a new secret key to `out`, which must not be there, and prints its public key. The secret key is never printed.
pub(crate) fn keygen(folder: &DataFolder, out: &Path) -> Result<(), Failure> {
    let identity = Identity::generate();
    identity.write_new(out).map_err(Failure::refused)?;
    let (public, at) = (identity.public(), out.display());
    if japanese() {
        eprintln!(
            "秘密鍵を {at} に書きました（ほかの人は読めません）。この鍵がなければ、この公開鍵で暗号化した世代は復元できません。\n\
             検証用の鍵はデータのフォルダーの外に置き、市の鍵は USB メモリーなどに移して、この機械から消します。\n\
             公開鍵を sesshu.toml の [backup] recipients に書きます。"
        );
    } else {
        eprintln!(
            "The secret key is in {at}, for its owner only. Without it, what is encrypted to this public key alone cannot be restored.\n\
             The host's verification key stays outside the data folder; the city's offline key is moved off this machine.\n\
             Write the public key into `recipients` of [backup] in sesshu.toml."
        );
    }
    print(folder, &json!({ "public": public, "file": at.to_string() }), |_| public.clone())
}
